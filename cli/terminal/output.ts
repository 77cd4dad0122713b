import { styleText } from 'node:util'

export { printable, printableLines, shellWord } from './escape.ts'
export { counted, grouped } from './numbers.ts'

/** A stream for results or progress: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Colours on a terminal (unless NO_COLOR is set), plain text elsewhere. */
export function styled(output: Output, style: Style, text: string): string {
  return output.isTTY === true && process.env.NO_COLOR === undefined ? styleText(style, text, { validateStream: false }) : text
}

/** A line at the bottom of a terminal that is overwritten with each update. In a pipe, each update is a new line. */
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

  /** Call this before anything else is written to the output. */
  clear(): void {
    if (this.#shown !== '' && this.#output.isTTY === true) this.#output.write('\r\u001b[K')
    this.#shown = ''
  }
}
