import cliProgress from 'cli-progress'
import { grouped, type Output } from '../terminal/output.ts'
import type { SendStats } from './stats.ts'

const DRAWN_EVERY_MS = 200
/** Where nobody looks, such as in a log of CI. */
const TOLD_EVERY_MS = 10_000
const BAR_COLUMNS = 12

/** Shows how a send goes on: a bar on a terminal, a line now and then elsewhere. */
export class Progress implements Disposable {
  readonly #stats: SendStats
  readonly #total: number
  readonly #output: Output
  readonly #bar: cliProgress.SingleBar | undefined
  readonly #timer: NodeJS.Timeout
  #notice = ''

  /** @param total lines of the file, as they were counted before */
  constructor(stats: SendStats, total: number, output: Output & NodeJS.WritableStream) {
    this.#stats = stats
    this.#total = total
    this.#output = output
    if (output.isTTY === true) {
      this.#bar = new cliProgress.SingleBar(
        {
          stream: output,
          format: (options, { progress }) => this.#drawn(cliProgress.Format.BarFormat(progress, options)),
          barsize: BAR_COLUMNS,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          hideCursor: false, // a send that is killed would leave none
          linewrap: false,
          clearOnComplete: true,
          fps: 1000 / DRAWN_EVERY_MS,
          gracefulExit: false, // Ctrl-C is not its own
        },
        cliProgress.Presets.shades_classic,
      )
      this.#bar.start(Math.max(1, total), 0)
    }
    this.#timer = setInterval(
      () => {
        this.#show()
      },
      this.#bar === undefined ? TOLD_EVERY_MS : DRAWN_EVERY_MS,
    )
  }

  /** What is to be seen instead of how it goes on, such as why it does not. Empty for nothing. */
  notice(text: string): void {
    if (text !== this.#notice && text !== '' && this.#bar === undefined) this.#output.write(`${text}\n`)
    this.#notice = text
    if (this.#bar !== undefined) this.#show()
  }

  /** A sentence that stays. */
  notify(sentence: string): void {
    this.#output.write(this.#bar === undefined ? `${sentence}\n` : `\r\u001b[K${sentence}\n`)
    if (this.#bar !== undefined) this.#show()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#bar?.stop()
  }

  #show(): void {
    if (this.#bar !== undefined) this.#bar.update(Math.min(this.#stats.settled, this.#total))
    else if (this.#notice === '') this.#output.write(`${this.#told()}\n`)
  }

  #drawn(bar: string): string {
    if (this.#notice !== '') return `${bar} ${this.#notice}`
    const { settled, inFlight, notDelivered } = this.#stats
    return `${bar} ${this.#share()} ${grouped(settled)}/${grouped(this.#total)} ${grouped(Math.round(this.#rate()))}/s ${inFlight} in flight ${grouped(notDelivered)} back${this.#left()}`
  }

  #told(): string {
    const { settled, notDelivered } = this.#stats
    return `${grouped(settled)} of ${grouped(this.#total)} lines (${this.#share()}), ${grouped(Math.round(this.#rate()))} a second, ${grouped(notDelivered)} came back${this.#left()}`
  }

  #rate(): number {
    return this.#stats.rate(Date.now())
  }

  #share(): string {
    return `${Math.floor((Math.min(this.#stats.settled, this.#total) / Math.max(1, this.#total)) * 100)}%`
  }

  #left(): string {
    const rate = this.#rate()
    if (rate < 0.1) return ''
    const seconds = Math.ceil(Math.max(0, this.#total - this.#stats.settled) / rate)
    if (seconds < 60) return ` ${seconds} s left`
    return seconds < 5_400 ? ` ${Math.round(seconds / 60)} min left` : ` ${Math.round(seconds / 3_600)} h left`
  }
}
