import { Readable } from 'node:stream'
import type { LineRules } from '../../lambda/parse/line.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { Digester, type Digest } from './digest.ts'
import { judge } from './judge.ts'

export interface LineOptions {
  readonly rules: LineRules
  readonly maxLineBytes: number
}

/** Whole lines of a file, unpacked. */
export interface Block extends LineOptions {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The lines of a block that is not the first of its file. */
export async function digestBlock({ bytes, rules, maxLineBytes }: Block, digester: Digester): Promise<Digest> {
  // Behind the start of a file nothing is unpacked, and no byte order mark is looked for.
  const { batches } = await openLines(Readable.from(piecesOf(bytes)), { maxLineBytes, byteStart: 1 })
  for await (const batch of batches) for (const line of batch) digester.add(judge(line, rules))
  return digester.take()
}

const PIECE_BYTES = 16_384

/** What comes at once is in memory at once, as lines, which is more than V8's young generation has room for (semi-space of 4 MB: a quarter of the time). */
function* piecesOf({ buffer }: Uint8Array<ArrayBuffer>): Generator<Buffer> {
  for (let at = 0; at < buffer.byteLength; at += PIECE_BYTES)
    yield Buffer.from(buffer, at, Math.min(PIECE_BYTES, buffer.byteLength - at))
}
