import { styleText } from 'node:util'

/** A stream that results or progress go to: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
}

/** Whatever could move the cursor, change colours, ring, or turn the direction of writing: C0, DEL, C1, bidi and line separators. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Text that came from outside, such as a file's name, made harmless for a terminal: one line, and nothing in it is obeyed. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const NUMBER = new Intl.NumberFormat('en-US')

/** 50000 → 50,000 */
export function grouped(number: number): string {
  return NUMBER.format(number)
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Colours on a terminal, plain text everywhere else. */
export function styled(output: Output, style: Style, text: string): string {
  return output.isTTY === true && process.env.NO_COLOR === undefined ? styleText(style, text, { validateStream: false }) : text
}

/** One line at the bottom of a terminal that is written over again and again; in a pipe, a line of its own now and then. */
export class StatusLine {
  readonly #output: Output
  #shown = ''

  constructor(output: Output) {
    this.#output = output
  }

  show(text: string): void {
    if (text === this.#shown) return
    this.#shown = text
    this.#output.write(this.#output.isTTY === true ? `\r\u001b[K${text}` : `${text}\n`)
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.#shown !== '' && this.#output.isTTY === true) this.#output.write('\r\u001b[K')
    this.#shown = ''
  }
}
