import { createHash } from 'node:crypto'

export interface MessageAttribute {
  readonly DataType: string
  readonly StringValue?: string
  /** Base64, as the JSON protocol carries it. */
  readonly BinaryValue?: string
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

const STRING = Buffer.from([1])
const BINARY = Buffer.from([2])

/** The digest that SDKs compare: sorted by name; each of name, type and value with its length before it. @see Amazon SQS, "Calculating the MD5 message digest for message attributes" */
export function md5OfAttributes(attributes: MessageAttributes | undefined): string | undefined {
  const names = Object.keys(attributes ?? {})
  if (attributes === undefined || names.length === 0) return undefined
  const hash = createHash('md5')
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  for (const name of names.toSorted()) {
    const { DataType = '', StringValue = '', BinaryValue } = attributes[name] ?? {}
    add(Buffer.from(name))
    add(Buffer.from(DataType))
    hash.update(BinaryValue === undefined ? STRING : BINARY)
    add(BinaryValue === undefined ? Buffer.from(StringValue) : Buffer.from(BinaryValue, 'base64'))
  }
  return hash.digest('hex')
}
