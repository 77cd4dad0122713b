import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { SqsEmulator } from '../../../emulators/sqs/server.ts'
import { withShortcut } from './shortcut.ts'

const SQS_OPERATIONS = [
  ['ReceiveMessage', ReceiveMessageCommand],
  ['DeleteMessage', DeleteMessageCommand],
  ['ChangeMessageVisibility', ChangeMessageVisibilityCommand],
  ['ChangeMessageVisibilityBatch', ChangeMessageVisibilityBatchCommand],
  ['SendMessage', SendMessageCommand],
  ['SendMessageBatch', SendMessageBatchCommand],
  ['GetQueueAttributes', GetQueueAttributesCommand],
] as const

const NEVER = new AbortController().signal

export function sqsInProcess(client: SQSClient, emulator: Pick<SqsEmulator, 'execute'>): SQSClient {
  return withShortcut(client, (command, { abortSignal = NEVER }) => {
    const operation = SQS_OPERATIONS.find(([, type]) => command instanceof type)
    if (operation === undefined) return undefined
    return emulator.execute(operation[0], command.input, abortSignal)
  })
}
