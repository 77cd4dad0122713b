import { UnreadableFile } from '../unreadable.ts'

const LF = 0x0a
/** Half of the shortest line that can be sent. */
const MIN_LINE_BYTES = 16

/** Real lines compress by a factor of 10 to 50. gzip can reach 1,000 and brotli 600,000, which means an attack or an accident. */
const MAX_RATIO = 250
const RATIO_COUNTS_FROM_BYTES = 256 * 1_048_576
/**
 * The shortest line that can be sent has 34 bytes, so gzip cannot pack more than 31 of them in a byte. Blank lines reach 1,000, and each
 * costs as much as any other line.
 */
const MAX_LINES_PER_BYTE = 64
const MAX_CHEAP_LINES = 100_000
/**
 * Each invocation that continues a compressed file decompresses it from the start. 100 GB takes about 5 of the 15 minutes that an invocation
 * has; with a few times as much, no invocation would get further than the one before.
 */
export const MAX_UNPACKED_BYTES = 100_000_000_000

/** Decides when a file expands so much that it is not read any further. */
export class ExpansionLimits {
  readonly #maxBytes: number
  #packedBytes = 0
  #unpackedBytes = 0
  #slice = { packedBytes: 0, unpackedBytes: 0 }
  #cheapLines = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The next slice is unpacked. */
  begin(packedBytes: number): void {
    this.#packedBytes += packedBytes
    this.#slice = { packedBytes, unpackedBytes: 0 }
  }

  /** @param piece what comes out of the slice next @throws UnreadableFile */
  add(piece: Buffer): void {
    this.#unpackedBytes += piece.length
    this.#slice.unpackedBytes += piece.length
    if (this.#unpackedBytes > RATIO_COUNTS_FROM_BYTES && this.#unpackedBytes > MAX_RATIO * this.#packedBytes)
      throw new UnreadableFile(`it decompresses to more than ${MAX_RATIO} times its size`)
    if (this.#unpackedBytes > this.#maxBytes)
      throw new UnreadableFile(`it decompresses to more than ${this.#maxBytes / 1e9} GB; split it into several files`)
    // The lines of ordinary files are not counted here.
    if (this.#slice.unpackedBytes > MAX_LINES_PER_BYTE * this.#slice.packedBytes) this.#cheapLines += cheapLinesIn(piece)
    if (this.#cheapLines > MAX_CHEAP_LINES)
      throw new UnreadableFile(`it has more than ${MAX_LINES_PER_BYTE} lines for each compressed byte`)
  }
}

/** The lines of a piece, if they are too short to be sent. */
function cheapLinesIn(piece: Buffer): number {
  let lines = 0
  for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1
  return lines * MIN_LINE_BYTES > piece.length ? lines : 0
}
