import type stringWidth from 'string-width'
import { printable } from './escape.ts'

/** Every text fits into this many columns. */
export const WIDTH = 80

/** ASCII, Latin letters with accents, and the signs of our own texts (… · – and quotes): each takes one column. */
const NARROW = /^[ -~\u00a1-\u00ac\u00ae-\u017f\u2013\u2014\u2018-\u201d\u2026]*$/

let graphemes: Intl.Segmenter | undefined
let measure: typeof stringWidth | undefined

/** Columns that a text takes on a terminal: East Asian characters and emoji take two. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length
  measure ??= loadStringWidth()
  return measure(text)
}

/** Loading string-width takes about 60 ms, half of a short command, and most texts are narrow. */
function loadStringWidth(): typeof stringWidth {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
  return (require('string-width') as { default: typeof stringWidth }).default
}

/** Text from a file, escaped, and cut with an ellipsis if it is wider than `columns`. */
export function fitted(text: string, columns: number): string {
  const mayFit = text.length <= columns * MAX_UNITS_PER_COLUMN
  const shown = printable(mayFit ? text : text.slice(0, columns * MAX_UNITS_PER_COLUMN))
  if (mayFit && widthOf(shown) <= columns) return shown
  let kept = ''
  let width = 0
  graphemes ??= new Intl.Segmenter() // making it takes 20 ms
  for (const { segment } of graphemes.segment(shown)) {
    width += widthOf(segment)
    if (width >= columns) break
    kept += segment
  }
  return `${kept}…`
}

/** A text can be megabytes long, and only its start is shown. Few texts need more UTF-16 units for one column. */
const MAX_UNITS_PER_COLUMN = 4

/** The same, filled up with spaces. */
export function padded(text: string, columns: number): string {
  const shown = fitted(text, columns)
  return shown + ' '.repeat(Math.max(0, columns - widthOf(shown)))
}

/** In quotes, so that leading and trailing spaces are visible. */
export function quoted(text: string, columns: number): string {
  return `"${fitted(text, columns - 2)}"`
}

/**
 * As many of the texts as fit, separated by commas.
 *
 * @param isAll false if there are more than these, so that the list ends with an ellipsis
 */
export function listed(texts: readonly string[], columns: number, isAll = true): string {
  let list = ''
  for (const [index, text] of texts.entries()) {
    const longer = index === 0 ? text : `${list}, ${text}`
    const isLast = isAll && index === texts.length - 1
    if (widthOf(longer) + (isLast ? 0 : ', …'.length) > columns) return index === 0 ? fitted(text, columns) : `${list}, …`
    list = longer
  }
  return isAll ? list : `${list}, …`
}

/** A text on as many rows as it needs. A word that is wider than a row, such as a path, stays whole. */
export function wrapped(text: string, indent = '  '): readonly string[] {
  const rows: string[] = []
  let row = ''
  for (const word of text.split(' ')) {
    const longer = row === '' ? `${indent}${word}` : `${row} ${word}`
    if (row !== '' && widthOf(longer) > WIDTH) {
      rows.push(row)
      row = `${indent}${word}`
    } else row = longer
  }
  return [...rows, row]
}

/** A text that is wrapped from a column on, with a label before its first row. */
export function wrappedBeside(label: string, text: string, column: number): readonly string[] {
  const [first = '', ...others] = wrapped(text, ' '.repeat(column))
  return [`${label.padEnd(column)}${first.slice(column)}`, ...others]
}
