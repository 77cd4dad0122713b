import * as v from 'valibot'
import { MessageAttributes } from './content.ts'
import { unreadable, unsupported } from './errors.ts'

const Text = v.optional(v.string())
const Texts = v.optional(v.array(v.string()))
const Whole = v.optional(v.pipe(v.number(), v.integer()))
const Entry = v.strictObject({
  Id: v.string(),
  MessageBody: Text,
  MessageAttributes: v.optional(MessageAttributes),
  DelaySeconds: Whole,
  ReceiptHandle: Text,
  VisibilityTimeout: Whole,
})

/** The parameters of all supported operations. Other parameters of SQS are rejected as unsupported. */
const Input = v.strictObject({
  QueueName: Text,
  QueueNamePrefix: Text,
  QueueOwnerAWSAccountId: Text,
  QueueUrl: Text,
  Attributes: v.optional(v.record(v.string(), v.string())),
  AttributeNames: Texts,
  MessageSystemAttributeNames: Texts,
  MessageAttributeNames: Texts,
  MessageBody: Text,
  MessageAttributes: v.optional(MessageAttributes),
  DelaySeconds: Whole,
  Entries: v.optional(v.array(Entry)),
  MaxNumberOfMessages: Whole,
  VisibilityTimeout: Whole,
  WaitTimeSeconds: Whole,
  ReceiptHandle: Text,
  SourceArn: Text,
  DestinationArn: Text,
  MaxNumberOfMessagesPerSecond: Whole,
  MaxResults: Whole,
  NextToken: Text,
  TaskHandle: Text,
})

export type Input = v.InferOutput<typeof Input>
export type Entry = v.InferOutput<typeof Entry>

/** @throws SqsError if a parameter is unsupported, or has the wrong type */
export function readInput(value: unknown): Input {
  // valibot accepts an array as an object
  if (Array.isArray(value)) throw unreadable('The request: a list, where an object of parameters is expected.')
  const parsed = v.safeParse(Input, value)
  if (parsed.success) return parsed.output
  const [{ type, path = [], message }] = parsed.issues
  const parameter = path.map(({ key }) => String(key)).join('.')
  throw type === 'strict_object' && parameter !== ''
    ? unsupported(`The parameter ${parameter}`)
    : unreadable(`${parameter || 'The request'}: ${message}`)
}
