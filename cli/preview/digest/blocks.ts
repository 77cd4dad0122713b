const LF = 0x0a

/** The first block is small, because the format of the file has to be known before the next blocks are digested. */
const FIRST_BLOCK_BYTES = 65_536
/**
 * Large enough that the fixed cost of a block does not matter, and small enough that all threads end at about the same time. All blocks
 * between the first and the last have at least this size.
 */
export const BLOCK_BYTES = 524_288
/** More than KM_MAX_LINE_BYTES can be. A longer line is too long in any case, so the rest of its bytes is not kept. */
const MAX_KEPT_BYTES = 4 * 1_048_576

/**
 * Splits bytes into blocks of whole lines. Each block has its own memory, so that it can be transferred to another thread.
 *
 * If reading fails, the whole lines before the failure are yielded first. Memory: a block, and one line of at most 4 MiB.
 */
export async function* blocksOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let pieces: Buffer[] = []
  let length = 0
  let open = 0 // bytes of the last line so far; it has no line end yet
  let enough = FIRST_BLOCK_BYTES
  try {
    for await (const chunk of bytes) {
      const end = chunk.lastIndexOf(LF) + 1
      const rest = chunk.subarray(0, end === 0 ? undefined : end)
      const kept = end === 0 ? rest.subarray(0, Math.max(0, MAX_KEPT_BYTES - open)) : rest
      pieces.push(kept)
      length += kept.length
      open = end === 0 ? open + kept.length : 0
      if (end === 0) continue
      if (length >= enough) {
        yield joined(pieces, length)
        pieces = []
        length = 0
        enough = BLOCK_BYTES
      }
      const tail = chunk.subarray(end)
      pieces.push(tail)
      length += tail.length
      open = tail.length
    }
  } catch (error) {
    // The last line is cut off, and not a line.
    if (length > open) yield joined(pieces, length).slice(0, length - open)
    throw error
  }
  if (length > 0) yield joined(pieces, length)
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    block.set(piece, at)
    at += piece.length
  }
  return block
}
