import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSServiceException,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { SqsError } from '../../../emulators/sqs/errors.ts'
import type { SqsEmulator } from '../../../emulators/sqs/server.ts'
import { withShortcut } from './shortcut.ts'

const SQS_OPERATIONS = [
  ['ReceiveMessage', ReceiveMessageCommand],
  ['DeleteMessage', DeleteMessageCommand],
  ['ChangeMessageVisibility', ChangeMessageVisibilityCommand],
  ['SendMessage', SendMessageCommand],
  ['SendMessageBatch', SendMessageBatchCommand],
  ['GetQueueAttributes', GetQueueAttributesCommand],
] as const

const NEVER = new AbortController().signal

export function sqsInProcess(client: SQSClient, emulator: Pick<SqsEmulator, 'execute'>): SQSClient {
  return withShortcut(client, (command, { abortSignal = NEVER }) => {
    const operation = SQS_OPERATIONS.find(([, type]) => command instanceof type)
    if (operation === undefined) return undefined
    return emulator.execute(operation[0], command.input, abortSignal).catch((error: unknown) => {
      throw error instanceof SqsError ? sqsException(error) : error
    })
  })
}

function sqsException({ type, message, status }: SqsError): SQSServiceException {
  const name = type.slice(type.indexOf('#') + 1)
  return new SQSServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  })
}
