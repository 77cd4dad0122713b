import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs'
import { startSqs, type SqsEmulator, type SqsOptions } from '../../../emulators/sqs/server.ts'

/** A server in its own folder, with a client. */
export interface LocalSqs extends AsyncDisposable {
  readonly dir: string
  readonly server: SqsEmulator
  readonly sqs: SQSClient
  /** Restarts the server on the same folder. */
  restart(options?: Partial<SqsOptions>): Promise<LocalSqs>
}

export async function localSqs(options: Partial<SqsOptions> = {}): Promise<LocalSqs> {
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), 'km-sqs-')))
  const server = await startSqs({ ...options, dir })
  const sqs = await connect(server.url)
  const stop = async (): Promise<void> => {
    sqs.destroy()
    await server.stop()
  }
  return {
    dir,
    server,
    sqs,
    restart: async (changes = {}) => {
      await stop()
      return localSqs({ ...options, ...changes, dir })
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(dir, { recursive: true })
    },
  }
}

/** The SDK as a program would use it: configured by environment variables only. */
export async function connect(url: string): Promise<SQSClient> {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SQS: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  })
  const sqs = new SQSClient({})
  await sqs.send(new ListQueuesCommand({})) // the client reads the variables with its first request
  return sqs
}

export async function create(sqs: SQSClient, name: string, attributes?: Record<string, string>): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, ...(attributes && { Attributes: attributes }) }),
  )
  return QueueUrl
}

export async function arnOf(sqs: SQSClient, queueUrl: string): Promise<string> {
  return (await attributesOf(sqs, queueUrl, ['QueueArn'])).QueueArn ?? ''
}

export async function attributesOf(sqs: SQSClient, queueUrl: string, names: string[] = ['All']): Promise<Record<string, string>> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: names as 'All'[] }),
  )
  return Attributes
}

/** The numbers of visible, in-flight and delayed messages. */
export async function countsOf(sqs: SQSClient, queueUrl: string): Promise<readonly number[]> {
  const attributes = await attributesOf(sqs, queueUrl)
  return ['', 'NotVisible', 'Delayed'].map((kind) => Number(attributes[`ApproximateNumberOfMessages${kind}`]))
}

/** A queue with a dead-letter queue. */
export async function createPair(
  sqs: SQSClient,
  name: string,
  maxReceiveCount: number,
): Promise<{ queue: string; deadLetters: string }> {
  const deadLetters = await create(sqs, `${name}-dead`)
  const policy = { deadLetterTargetArn: await arnOf(sqs, deadLetters), maxReceiveCount }
  return { queue: await create(sqs, name, { RedrivePolicy: JSON.stringify(policy) }), deadLetters }
}

export async function sendText(sqs: SQSClient, queueUrl: string, body: string): Promise<string> {
  const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }))
  return MessageId
}

export async function receive(
  sqs: SQSClient,
  queueUrl: string,
  options: Partial<ReceiveMessageCommandInput> = {},
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...options }),
  )
  return Messages
}

export async function bodies(
  sqs: SQSClient,
  queueUrl: string,
  options: Partial<ReceiveMessageCommandInput> = {},
): Promise<readonly unknown[]> {
  return (await receive(sqs, queueUrl, options)).map(({ Body }) => Body)
}

/** A message in flight after its first delivery. */
export async function only(messages: Promise<readonly Message[]>): Promise<Message & { ReceiptHandle: string }> {
  const [message, more] = await messages
  if (message?.ReceiptHandle === undefined || more !== undefined) throw new Error('there should be one message')
  return { ...message, ReceiptHandle: message.ReceiptHandle }
}
