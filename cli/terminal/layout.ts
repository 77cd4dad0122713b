import type stringWidth from 'string-width'
import { printable } from './escape.ts'

/** Every text fits into this many columns, if its output is not a terminal with more or less. */
export const WIDTH = 80
/** A text with longer rows is hard to read. */
const MAX_WIDTH = 120
const MIN_WIDTH = 40

/** The columns of a text for this output. */
export function widthFor({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number {
  return isTTY === true && columns !== undefined ? Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, columns)) : WIDTH
}

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

/** The key or path of a file, without a part in its middle if it is too wide: its folder and its name are at the ends. */
export function fittedPath(text: string, columns: number): string {
  const shown = printable(
    text.length > columns * MAX_UNITS_PER_COLUMN ? `${text.slice(0, columns)}…${text.slice(-columns)}` : text,
  )
  if (widthOf(shown) <= columns) return shown
  graphemes ??= new Intl.Segmenter()
  const parts = [...graphemes.segment(shown)].map(({ segment }) => segment)
  const start = fitted(shown, Math.floor(columns / 3))
  let end = ''
  for (const part of parts.toReversed()) {
    if (widthOf(start) + widthOf(part) + widthOf(end) > columns) break
    end = part + end
  }
  return start + end
}

/** Text from a file, escaped, cut or filled up with spaces to this width. */
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

/** A command, up to the punctuation that follows it. */
const COMMAND = /npx km-import(?: \S*[^\s.,;:)](?=[\s.,;:)]|$))+/g
const SPACE_IN_COMMAND = '\0'

/**
 * A text on as many rows as it needs. What is wider than a row, such as a path, stays whole; so does a command, because it would not work
 * when two rows are pasted.
 */
export function wrapped(text: string, indent = '  ', columns = WIDTH): readonly string[] {
  const words = text.replaceAll(COMMAND, (command) => command.replaceAll(' ', SPACE_IN_COMMAND)).split(' ')
  const rows: string[] = []
  let row = ''
  for (const word of words.map((each) => each.replaceAll(SPACE_IN_COMMAND, ' '))) {
    const longer = row === '' ? `${indent}${word}` : `${row} ${word}`
    if (row !== '' && widthOf(longer) > columns) {
      rows.push(row)
      row = `${indent}${word}`
    } else row = longer
  }
  return [...rows, row]
}

/** A message, wrapped at the width of a terminal. In a pipe or a file it stays one line, so that a program finds it. */
export function messageText(text: string, output: { readonly isTTY?: boolean; readonly columns?: number }): string {
  if (output.isTTY !== true) return text
  return text
    .split('\n')
    .flatMap((line) => {
      const indent = /^ */.exec(line)?.[0] ?? ''
      return wrapped(line.slice(indent.length), indent, widthFor(output))
    })
    .join('\n')
}

/** A text that is wrapped from a column on, with a label before its first row. */
export function wrappedBeside(label: string, text: string, column: number, columns = WIDTH): readonly string[] {
  const [first = '', ...others] = wrapped(text, ' '.repeat(column), columns)
  return [`${label.padEnd(column)}${first.slice(column)}`, ...others]
}
