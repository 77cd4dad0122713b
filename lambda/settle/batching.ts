/** Amazon SQS, SendMessageBatch: at most ten entries. */
export const MAX_BATCH_ENTRIES = 10
/** Amazon SQS, SendMessageBatch: at most 1,048,576 bytes over all entries, with their attributes. */
export const MAX_BATCH_BYTES = 1_048_576

/** A message that is sent to SQS. */
export interface Envelope {
  readonly body: string
  /** All are of type String. */
  readonly attributes: Readonly<Record<string, string>>
}

/** The size of a message as SQS counts it: its body, and name, type and value of each attribute, in UTF-8. */
export function envelopeBytes({ body, attributes }: Envelope): number {
  let bytes = Buffer.byteLength(body)
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + 'String'.length + Buffer.byteLength(value)
  }
  return bytes
}

/**
 * How many of the first messages fit into one batch. At least one, however large.
 *
 * @param sizes bytes of each message, in order
 */
export function nextBatchLength(sizes: readonly number[]): number {
  let bytes = 0
  let length = 0
  for (const size of sizes) {
    bytes += size
    if (length > 0 && (length >= MAX_BATCH_ENTRIES || bytes > MAX_BATCH_BYTES)) break
    length += 1
  }
  return length
}
