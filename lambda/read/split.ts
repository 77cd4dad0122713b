import type { Segment } from '../intake/task.ts'

const LF = 0x0a

export interface SplitOptions {
  readonly segmentBytes: number
  /** Where to continue: always the first byte of a line. */
  readonly byteStart?: number
  readonly firstLine?: number
  readonly firstSegment?: number
}

/**
 * Cuts a file into segments at line ends and counts their lines. A segment ends with the first line that makes it at least `segmentBytes`
 * long; the last one ends with the file. Only newlines matter, so memory is one chunk, however long the lines are.
 *
 * @param body the bytes from `byteStart` on; an empty body has no segments
 */
export async function* splitSegments(body: AsyncIterable<Buffer>, options: SplitOptions): AsyncGenerator<Segment> {
  const { segmentBytes, byteStart = 0, firstLine = 1, firstSegment = 1 } = options
  let position = byteStart
  let lineStart = byteStart
  let lines = 0
  let open = { index: firstSegment, byteStart, firstLine }
  for await (const chunk of body) {
    for (let newline = chunk.indexOf(LF); newline !== -1; newline = chunk.indexOf(LF, newline + 1)) {
      lines += 1
      lineStart = position + newline + 1
      if (lineStart - open.byteStart < segmentBytes) continue
      yield { ...open, byteEnd: lineStart, lines }
      open = { index: open.index + 1, byteStart: lineStart, firstLine: open.firstLine + lines }
      lines = 0
    }
    position += chunk.length
  }
  if (position > lineStart) lines += 1
  if (position > open.byteStart) yield { ...open, byteEnd: position, lines }
}
