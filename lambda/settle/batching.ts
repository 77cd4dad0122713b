/** Amazon SQS, SendMessageBatch: ten entries, and 1,048,576 bytes over all of them with their attributes. */
export const MAX_BATCH_ENTRIES = 10
export const MAX_BATCH_BYTES = 1_048_576

export interface Envelope {
  readonly body: string
  /** All of type String. */
  readonly attributes: Readonly<Record<string, string>>
}

/** What SQS counts for a message: its body, and name, type and value of each attribute, in UTF-8. */
export function envelopeBytes({ body, attributes }: Envelope): number {
  let bytes = Buffer.byteLength(body)
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + 'String'.length + Buffer.byteLength(value)
  }
  return bytes
}

/** Where the next batch of a queue ends, by count and by bytes: it holds at least one envelope, however large. */
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
