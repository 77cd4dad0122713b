import { styleText } from 'node:util'
import { fitted, messageText, WIDTH } from './layout.ts'

export { printable, printableLines, shellWord } from './escape.ts'
export { counted, grouped } from './numbers.ts'

/** A stream for results or progress: a terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** Of a terminal. */
  readonly columns?: number
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Colours on a terminal (unless NO_COLOR is set), plain text elsewhere. */
export function styled(output: Output, style: Style, text: string): string {
  return output.isTTY === true && process.env.NO_COLOR === undefined ? styleText(style, text, { validateStream: false }) : text
}

/** A message with a coloured label, wrapped at the width of a terminal. */
export function labelledMessage(output: Output, style: Style, label: string, message: string): string {
  const text = messageText(`${label} ${message}`, output)
  return `${styled(output, style, label)}${text.slice(label.length)}\n`
}

/** Writes sentences for the user, wrapped at the width of a terminal. */
export function writeMessage(output: Output, text: string): void {
  output.write(messageText(text, output))
}

/** How often progress is written to an output that is not a terminal, e.g. the log of a CI job. */
export const LOG_INTERVAL_MS = 10_000

/** A line at the bottom of a terminal that is overwritten with each update. In a pipe, there is a new line every ten seconds. */
export class StatusLine {
  readonly #output: Output
  readonly #now: () => number
  #shown = ''
  #shownAt = 0

  constructor(output: Output, now = Date.now) {
    this.#output = output
    this.#now = now
  }

  show(text: string): void {
    if (text === this.#shown) return
    if (this.#output.isTTY !== true && this.#shown !== '' && this.#now() - this.#shownAt < LOG_INTERVAL_MS) return
    this.#shown = text
    this.#shownAt = this.#now()
    this.#output.write(this.#output.isTTY === true ? `\r\u001b[K${this.#cut(text)}` : `${text}\n`)
  }

  /** A line that is wider than the terminal would stay when it is overwritten. */
  #cut(text: string): string {
    return fitted(text, Math.max(2, (this.#output.columns ?? WIDTH) - 1))
  }

  /** Call this before anything else is written to the output. */
  clear(): void {
    if (this.#shown !== '' && this.#output.isTTY === true) this.#output.write('\r\u001b[K')
    this.#shown = ''
  }
}
