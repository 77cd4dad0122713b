const LF = 0x0a
/** Most lines are much shorter. */
const SEARCH_BYTES = 65_536

/** Cuts a file into ranges of whole lines. The last line may have no end. @param start of a line */
export async function* rangesOf(file: Blob, start: number, rangeBytes: number): AsyncGenerator<Blob, undefined> {
  for (let from = start; from < file.size;) {
    const to = await lineStartAfter(file, from + rangeBytes)
    yield file.slice(from, to)
    from = to
  }
}

/** The first start of a line at or after a position, or the end of the file. */
async function lineStartAfter(file: Blob, position: number): Promise<number> {
  for (let from = position - 1; from < file.size; from += SEARCH_BYTES) {
    const bytes = new Uint8Array(await file.slice(from, from + SEARCH_BYTES).arrayBuffer())
    const end = bytes.indexOf(LF)
    if (end !== -1) return from + end + 1
  }
  return file.size
}
