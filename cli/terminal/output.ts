import { styleText } from 'node:util'

export { counted, grouped, printable, shellWord } from './escape.ts'

/** A stream that results or progress go to: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
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
