import { endsLinesWithCr, withLfForCr } from '../common/line-ends.ts'

/**
 * The bytes of a file, with LF in place of CR if its lines end with CR alone. All positions stay the same.
 *
 * The decision depends on the content only, never on how it arrives. Memory: the start of the file, up to its first line end.
 *
 * @param file from its first byte
 */
export async function* withLineFeeds(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer[] = []
  let isCr: boolean | undefined
  try {
    for await (const chunk of file) {
      if (isCr === undefined) {
        head.push(chunk)
        const joined = head.length === 1 ? chunk : Buffer.concat(head)
        isCr = endsLinesWithCr(joined, false)
        head = [joined]
        if (isCr === undefined) continue
        head = []
        yield converted(joined, isCr)
      } else yield converted(chunk, isCr)
    }
  } catch (error) {
    yield* head // no line of it has ended
    throw error
  }
  for (const rest of head) yield converted(rest, endsLinesWithCr(rest, true) === true)
}

function converted(bytes: Buffer, isCr: boolean): Buffer {
  return isCr ? Buffer.from(withLfForCr(bytes).buffer) : bytes
}
