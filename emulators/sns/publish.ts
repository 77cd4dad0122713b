import { randomUUID } from 'node:crypto'
import { invalidParameter, SnsError } from './errors.ts'

export interface PublishedMessage {
  readonly id: string
  readonly topicArn: string
  readonly subject: string | undefined
  readonly message: string
  /** Attributes of the type String, by name. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Amazon SNS, "Quotas": the message with its attributes. */
const MAX_BYTES = 262_144

/** Amazon SNS, Publish, "Subject": begins with a letter, number or punctuation mark, no control characters, less than 100 characters. */
const SUBJECT = /^[\x21-\x7e][\x20-\x7e]{0,98}$/

/** Amazon SNS, "Message attribute items and validation" */
const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)[\w.-]{1,256}$/

/** Parameters that are read. Any other is one that the emulator does not support. */
const KNOWN = /^(Action|Version|TopicArn|Subject|Message|MessageAttributes\.entry\.\d+\.(Name|Value\.(DataType|StringValue)))$/

/** @throws SnsError as SNS rejects the request */
export function readPublish(parameters: URLSearchParams): PublishedMessage {
  if (parameters.get('Action') !== 'Publish')
    throw new SnsError('InvalidAction', `The action ${parameters.get('Action') ?? ''} is not implemented by the SNS emulator.`)
  const unknown = [...parameters.keys()].find((name) => !KNOWN.test(name))
  if (unknown !== undefined) throw invalidParameter(`${unknown} is not implemented by the SNS emulator`)
  const topicArn = parameters.get('TopicArn') ?? ''
  const subject = parameters.get('Subject') ?? undefined
  const message = parameters.get('Message') ?? ''
  if (topicArn === '') throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter')
  if (message === '') throw invalidParameter('Empty message')
  if (subject !== undefined && !SUBJECT.test(subject)) throw invalidParameter('Subject')
  const attributes = attributesOf(parameters)
  const bytes = [message, ...Object.entries(attributes).flatMap(([name, value]) => [name, 'String', value])]
    .map((text) => Buffer.byteLength(text))
    .reduce((sum, length) => sum + length, 0)
  if (bytes > MAX_BYTES) throw invalidParameter('Message too long')
  return { id: randomUUID(), topicArn, subject, message, attributes }
}

function attributesOf(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (let index = 1; parameters.has(`MessageAttributes.entry.${index}.Name`); index += 1) {
    const prefix = `MessageAttributes.entry.${index}`
    const name = parameters.get(`${prefix}.Name`) ?? ''
    const value = parameters.get(`${prefix}.Value.StringValue`) ?? ''
    if (!ATTRIBUTE_NAME.test(name)) throw invalidParameter(`The message attribute name '${name}' is not valid`)
    if (parameters.get(`${prefix}.Value.DataType`) !== 'String')
      throw invalidParameter(`The type of the message attribute '${name}' is not implemented by the SNS emulator`)
    if (value === '') throw new SnsError('ParameterValueInvalid', `The message attribute '${name}' has no value.`)
    found[name] = value
  }
  return found
}
