/** The start of a stream of bytes, and all of it. */
export interface Peeked {
  readonly head: Buffer
  /** Whether these are all bytes. */
  readonly isComplete: boolean
  readonly all: AsyncIterable<Buffer>
}

/** Reads the first bytes, until they are enough, or all there are. `all` yields everything, first bytes and errors included, in order. */
export async function peek(source: AsyncIterable<Buffer>, isEnough: (head: Buffer) => boolean): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let head: Buffer = Buffer.alloc(0)
  let failure: { readonly error: unknown } | undefined
  let isComplete = false
  try {
    while (!isEnough(head)) {
      const next = await iterator.next()
      isComplete = next.done === true
      if (next.done === true) break
      chunks.push(next.value)
      head = chunks.length === 1 ? next.value : Buffer.concat([head, next.value])
    }
  } catch (error) {
    failure = { error }
  }
  return { head, isComplete, all: chunksThenRest(chunks, iterator, failure) }
}

async function* chunksThenRest(
  chunks: readonly Buffer[],
  iterator: AsyncIterator<Buffer>,
  failure: { readonly error: unknown } | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks
    if (failure !== undefined) throw failure.error
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.() // closes the body if the caller stops early
  }
}
