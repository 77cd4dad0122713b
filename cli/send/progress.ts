import cliProgress from 'cli-progress'
import { counted, grouped, LOG_INTERVAL_MS, type Output } from '../terminal/output.ts'
import { timeLeft } from '../terminal/progress-bar.ts'
import type { SendStats } from './stats.ts'

const DRAW_INTERVAL_MS = 200
const BAR_COLUMNS = 12

export interface ProgressOptions {
  /** Lines of the file, as the preview counted them. */
  readonly lines: number
  /** Says which of several files it is; empty for a single one. */
  readonly label: string
  readonly output: Output & NodeJS.WritableStream
}

/** The progress of a send: a bar on a terminal, a line from time to time elsewhere. */
export class Progress implements Disposable {
  readonly #stats: SendStats
  readonly #total: number
  readonly #label: string
  readonly #output: Output
  readonly #now: () => number
  readonly #bar: cliProgress.SingleBar | undefined
  readonly #timer: NodeJS.Timeout
  #notice = ''

  constructor(stats: SendStats, { lines: total, label, output }: ProgressOptions, now: () => number) {
    this.#stats = stats
    this.#total = total
    this.#label = label === '' ? '' : `${label}, `
    this.#output = output
    this.#now = now
    if (output.isTTY === true) {
      this.#bar = new cliProgress.SingleBar(
        {
          stream: output,
          format: (options, { progress }) => this.#barText(cliProgress.Format.BarFormat(progress, options)),
          barsize: BAR_COLUMNS,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          hideCursor: false, // a process that is killed could not show it again
          linewrap: false,
          clearOnComplete: true,
          fps: 1000 / DRAW_INTERVAL_MS,
          gracefulExit: false, // the command handles Ctrl-C itself
        },
        cliProgress.Presets.shades_classic,
      )
      this.#bar.start(Math.max(1, total), 0)
    }
    this.#timer = setInterval(
      () => {
        this.#show()
      },
      this.#bar === undefined ? LOG_INTERVAL_MS : DRAW_INTERVAL_MS,
    )
  }

  /** Replaces the numbers by a notice, e.g. why the send waits. An empty notice brings the numbers back. */
  showNotice(text: string): void {
    if (text !== this.#notice && text !== '' && this.#bar === undefined) this.#output.write(`${text}\n`)
    this.#notice = text
    if (this.#bar !== undefined) this.#show()
  }

  /** Prints a message above the bar. */
  print(message: string): void {
    this.#output.write(this.#bar === undefined ? `${message}\n` : `\r\u001b[K${message}\n`)
    if (this.#bar !== undefined) this.#show()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#bar?.stop()
  }

  #show(): void {
    if (this.#bar !== undefined) this.#bar.update(Math.min(this.#stats.settled, this.#total))
    else if (this.#notice === '') this.#output.write(`${this.#text()}\n`)
  }

  /** A terminal cuts the line at its width, so the number of requests comes last. */
  #barText(bar: string): string {
    return this.#notice === '' ? `${bar} ${this.#text()}, ${this.#stats.inFlight} in flight` : `${bar} ${this.#notice}`
  }

  #text(): string {
    const { settled, notDelivered } = this.#stats
    const rate = this.#stats.rate(this.#now())
    const parts = [
      `${this.#label}${this.#percent()}% of ${counted(this.#total, 'line')}`,
      ...timeLeft(this.#total - settled, rate),
      `${grouped(notDelivered)} rejected`,
      `${grouped(Math.round(rate))} lines/s`,
    ]
    return parts.join(', ')
  }

  #percent(): number {
    return Math.floor((Math.min(this.#stats.settled, this.#total) / Math.max(1, this.#total)) * 100)
  }
}
