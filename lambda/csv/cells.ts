/** What is wrong with the quotes of a record. */
export interface QuoteFault {
  /** From 1. */
  readonly column: number
}

/**
 * The cells of a record, without their quotes.
 *
 * @param record without its line end
 * @param separator one character
 * @returns a fault if text follows the quote that closes a cell
 */
export function cellsOf(record: string, separator: string): readonly string[] | QuoteFault {
  if (!record.includes('"')) return record.split(separator)
  const cells: string[] = []
  for (let at = 0; ;) {
    if (record[at] === '"') {
      const end = endOfQuoted(record, at)
      if (end < record.length && record[end] !== separator) return { column: cells.length + 1 }
      cells.push(record.slice(at + 1, end - 1).replaceAll('""', '"'))
      at = end
    } else {
      const next = record.indexOf(separator, at)
      const end = next === -1 ? record.length : next
      cells.push(record.slice(at, end))
      at = end
    }
    if (at >= record.length) return cells
    at += 1
  }
}

/** @returns the position after the closing quote, or of the end of the record */
function endOfQuoted(record: string, start: number): number {
  for (let at = start + 1; ; at += 2) {
    at = record.indexOf('"', at)
    if (at === -1) return record.length + 1
    if (record[at + 1] !== '"') return at + 1
  }
}
