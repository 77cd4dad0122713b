const LF = 0x0a

/** The first block is looked at alone, since it says what kind of file it is. */
const FIRST_BLOCK_BYTES = 65_536
/**
 * Large enough that what a block costs besides its lines is little, and small enough that threads end at about the same time. Of those
 * after the first, only the last is shorter.
 */
export const BLOCK_BYTES = 524_288
/** More than KM_MAX_LINE_BYTES can be: what a line has beyond it changes nothing, it is too long. */
const MAX_KEPT_BYTES = 4 * 1_048_576

/**
 * Cuts bytes into blocks of whole lines, each in memory of its own, so that it can be given to another thread.
 *
 * What the bytes throw comes out after the last whole line. Memory: a block, and one line of at most 4 MiB.
 */
export async function* blocksOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let pieces: Buffer[] = []
  let length = 0
  let open = 0 // bytes of the last line, which is not whole
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
    // The line that is open was cut off, and is none.
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
