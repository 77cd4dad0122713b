const SLICE_BYTES = 8_192

/**
 * Cuts the data into slices that do not depend on the chunks of the body: how much zlib returns before it fails depends on the
 * size of each write.
 */
export async function* slicesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = bytes.length - (bytes.length % SLICE_BYTES)
      for (let at = 0; at < end; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES)
      rest = bytes.subarray(end)
    }
  } catch (error) {
    failure = { error }
  }
  if (rest.length > 0) yield rest
  if (failure !== undefined) throw failure.error
}
