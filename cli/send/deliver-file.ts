import { InterruptedError, SetupError } from '../../lambda/errors.ts'
import { newTask, type Task } from '../../lambda/intake/task.ts'
import { importFile } from '../../lambda/jobs/import-file.ts'
import type { Clock, Endpoint, Ports } from '../../lambda/ports.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import type { Output } from '../terminal/output.ts'
import type { FixedFile } from './closing/fixed-file.ts'
import { filePorts } from './file-ports.ts'
import type { SentFile } from './files.ts'
import { Progress } from './progress.ts'
import { RejectedFile } from './rejected-file.ts'
import { readReport } from './report-file.ts'
import type { SendState } from './state.ts'
import { SendStats } from './stats.ts'

export interface SendOptions {
  readonly apiKey: string
  readonly endpoint: Endpoint
  readonly clock: Clock
  readonly limits: Limits
  /** The import rules for the file. */
  readonly rules: readonly Rule[]
  /** Which rejected lines the lines of the file replace, if it is a file of fixed lines. */
  readonly fixed?: FixedFile | undefined
  /** Lines of the file, as the preview counted them. */
  readonly lines: number
  /** Says which of several files it is; empty for a single one. */
  readonly label: string
  readonly output: Output & NodeJS.WritableStream
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
  /** Whether a user can interrupt the command. If not, it ends by itself after a long outage. */
  readonly isAttended: boolean
}

export type SendResult =
  | { readonly kind: 'ended'; readonly report: Report }
  /** The same command continues the file. */
  | { readonly kind: 'interrupted' | 'given-up'; readonly settled: number }

/** The longest outage that an unattended command waits for. */
const MAX_OUTAGE_MS = 15 * 60_000
/** The longest wait between two tries. The import queue would wait longer, but here a user may be watching. */
const MAX_WAIT_SECONDS = 60

/**
 * Sends one file with the importer that runs on AWS, with files in place of S3 and SQS.
 *
 * @throws SetupError if the user has to fix something first; then the same command continues the file
 */
export async function deliverFile(file: SentFile, state: SendState, options: SendOptions): Promise<SendResult> {
  await using rejected = await RejectedFile.open(file, state.watermarkLine)
  const stats = new SendStats(options.clock.now())
  if (state.checkpoint !== undefined) stats.update(state.checkpoint)
  using progress = new Progress(stats, options, () => options.clock.now())
  return await new Delivery(file, state, options, { rejected, stats, progress }).run()
}

interface Parts {
  readonly rejected: RejectedFile
  readonly stats: SendStats
  readonly progress: Progress
}

/** The rest of the work, and when to try it. */
interface Deferred {
  readonly task: Task
  readonly seconds: number
}

class Delivery {
  readonly #file: SentFile
  readonly #options: SendOptions
  readonly #parts: Parts
  readonly #ports: Ports
  readonly #ending = new AbortController()
  #deferred: Deferred | undefined
  #timesBusy = 0

  constructor(file: SentFile, state: SendState, options: SendOptions, parts: Parts) {
    this.#file = file
    this.#options = options
    this.#parts = parts
    this.#ports = filePorts(file, state, {
      ...parts,
      ...options,
      defer: (task, seconds) => {
        this.#deferred = { task, seconds }
      },
      onBusy: () => {
        this.#onBusy()
      },
    })
    const { signal } = options
    const stop = (): void => {
      this.#ending.abort(new InterruptedError())
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }

  async run(): Promise<SendResult> {
    const { stats, progress } = this.#parts
    const { clock, isAttended } = this.#options
    let task = newTask(this.#file.source)
    let advanced = { settled: stats.settled, at: clock.now() }
    for (;;) {
      if (!(await this.#import(task))) return { kind: 'interrupted', settled: stats.settled }
      if (this.#deferred === undefined) break
      if (stats.settled > advanced.settled) advanced = { settled: stats.settled, at: clock.now() }
      if (!isAttended && clock.now() - advanced.at > MAX_OUTAGE_MS) return { kind: 'given-up', settled: stats.settled }
      const { task: next, seconds } = this.#deferred
      this.#deferred = undefined
      await this.#wait(seconds)
      progress.showNotice('')
      task = next
    }
    const report = await readReport(this.#file)
    if (report === undefined) throw new Error(`${this.#file.reportPath} is missing after the send`)
    return { kind: 'ended', report }
  }

  /** @returns whether the import got as far as it can for now; false if the user interrupted it */
  async #import(task: Task): Promise<boolean> {
    const invocation = {
      messageId: undefined,
      deliveries: 1,
      ending: this.#ending.signal,
      holdsMessage: () => Promise.resolve(true),
    }
    const { kind } = await importFile(task, this.#ports, invocation)
    if (kind === 'lease-lost') throw this.#otherSend()
    return kind !== 'interrupted'
  }

  /** A run that was killed holds the lease for a moment longer. If the lease is still held after that, another send is running. */
  #onBusy(): void {
    this.#timesBusy += 1
    if (this.#timesBusy > 1) throw this.#otherSend()
  }

  #otherSend(): SetupError {
    return new SetupError(
      `Another km-import send is working on ${this.#file.name}. Wait until it ends, or stop it; then run the same command again.`,
    )
  }

  async #wait(seconds: number): Promise<void> {
    const { signal } = this.#ending
    const why = this.#timesBusy > 0 ? 'an earlier run was killed a moment ago' : 'the endpoint is down'
    for (let left = Math.min(MAX_WAIT_SECONDS, seconds); left > 0 && !signal.aborted; left -= 1) {
      this.#parts.progress.showNotice(this.#noticeText(why, left))
      await this.#options.clock.sleep(1_000, signal)
    }
  }

  /** A terminal shows a countdown, a log only one line. */
  #noticeText(why: string, seconds: number): string {
    const when = this.#options.output.isTTY === true ? `in ${seconds} s` : 'soon'
    return `${why}; trying again ${when}. Press Ctrl-C to stop and continue later`
  }
}
