import { Readable } from 'node:stream'
import { openLines, type Line } from '../../../lambda/read/lines.ts'

const LF = 0x0a
const CR = 0x0d

export function bodyOf(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Readable {
  return Readable.from(chunks, { objectMode: false })
}

export async function allOf<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

export async function linesOf(chunks: Iterable<Buffer>, maxLineBytes = 1_000_000): Promise<readonly Line[]> {
  const { batches } = await openLines(bodyOf(chunks), { maxLineBytes })
  return (await allOf(batches)).flat()
}

/** The simplest possible splitter, for comparison: it takes the whole file at once. */
export function oracle(original: Buffer, maxLineBytes = 1_000_000): readonly Line[] {
  // If its first line end is a CR between two objects, all lines end with CR.
  const isCr = /^[^\r\n]*\}[ \t]*\r[ \t\r]*\{/.test(original.toString('latin1'))
  const file = isCr ? Buffer.from(original.map((byte) => (byte === CR ? LF : byte))) : original
  const bom = file.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  const lines: Line[] = []
  for (let start = bom; start < file.length;) {
    const newline = file.indexOf(LF, start)
    const end = newline === -1 ? file.length : newline
    const bytes = file.subarray(start, end)
    const position = { number: lines.length + 1, byteStart: start, byteEnd: end }
    if (bytes.length > maxLineBytes)
      lines.push({ ...position, text: '', fault: { reason: 'line_too_long', bytes: bytes.subarray(0, 204_800) } })
    else {
      try {
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
        lines.push({ ...position, text: text.endsWith('\r') ? text.slice(0, -1) : text })
      } catch {
        lines.push({ ...position, text: '', fault: { reason: 'invalid_encoding', bytes: bytes.subarray(0, 204_800) } })
      }
    }
    start = end + 1
  }
  return lines
}

/** Lines as values that are easy to compare and print. */
export function plain(lines: readonly Line[]): unknown {
  return lines.map(({ fault, ...line }) => ({ ...line, fault: fault && [fault.reason, fault.bytes.toString('hex')] }))
}

/** Cuts the file into chunks that end at these positions (modulo the length of the file). */
export function cut(file: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const ends = [0, ...cuts.map((at) => at % (file.length + 1)).toSorted((a, b) => a - b), file.length]
  return ends.slice(1).map((end, index) => file.subarray(ends[index], end))
}
