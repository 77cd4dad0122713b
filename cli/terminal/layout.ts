import { printable } from './output.ts'

export const WIDTH = 80

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u
const NO_WIDTH = /[\p{Mn}\p{Me}\u200b-\u200d\ufe00-\ufe0f]/u

function columnsOf(character: string): number {
  if (character <= '~') return 1
  return NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1
}

/** Columns that a text takes on a terminal: characters of East Asia and emoji take two. */
export function widthOf(text: string): number {
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

/** A text of a file, harmless and no wider than that; an ellipsis stands for what is cut off. */
export function fitted(text: string, columns: number): string {
  const shown = printable(text.slice(0, columns * 4))
  if (text.length <= columns * 4 && widthOf(shown) <= columns) return shown
  let kept = ''
  let width = 0
  for (const character of shown) {
    width += columnsOf(character)
    if (width >= columns) break
    kept += character
  }
  return `${kept}…`
}

/** The same, filled up with spaces. */
export function padded(text: string, columns: number): string {
  const shown = fitted(text, columns)
  return shown + ' '.repeat(columns - widthOf(shown))
}

/** In quotes, so that spaces at its ends are seen. */
export function quoted(text: string, columns: number): string {
  return `"${fitted(text, columns - 2)}"`
}

/** As many of the texts as fit, with commas between them. */
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

/** A sentence on as many rows as it needs. */
export function wrapped(sentence: string, indent = '  '): readonly string[] {
  const rows: string[] = []
  let row = indent
  for (const word of sentence.split(' ')) {
    const longer = row.trim() === '' ? `${row}${word}` : `${row} ${word}`
    if (widthOf(longer) > WIDTH && row.trim() !== '') {
      rows.push(row)
      row = `${indent}${word}`
    } else row = longer
  }
  return [...rows, row]
}
