import { setTimeout as delay } from 'node:timers/promises'
import { kissmetricsEndpoint } from '../../lambda/adapters/endpoint.ts'
import type { Limits } from '../../lambda/settings.ts'
import { InterruptedError, SetupError } from '../../lambda/errors.ts'
import { importFile } from '../../lambda/jobs/import-file.ts'
import { newTask, type Task } from '../../lambda/intake/task.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Ports } from '../../lambda/ports.ts'
import type { Target } from '../local/options.ts'
import type { SentFile } from './files.ts'
import { SendStats } from './stats.ts'
import { Progress } from './progress.ts'
import { RejectedFile } from './rejected-file.ts'
import { readReport } from './report-file.ts'
import type { SendState } from './state.ts'
import { portsFor } from './file-ports.ts'

export interface SendOptions {
  readonly target: Target
  readonly limits: Limits
  /** Lines of the file, as they were counted before. */
  readonly lines: number
  readonly output: NodeJS.WriteStream
  /** Raised when the person wants it to stop. */
  readonly signal: AbortSignal
  /** Whether somebody is there who can stop it; where nobody is, an outage ends it some time. */
  readonly isAttended: boolean
}

export type SendResult =
  | { readonly kind: 'ended'; readonly report: Report }
  /** The same command goes on from there. */
  | { readonly kind: 'interrupted' | 'given-up'; readonly settled: number }

/** So long an outage is waited for where nobody is there. */
const PATIENCE_MS = 15 * 60_000
/** Nobody who looks on waits for longer between two tries, whatever a queue would do. */
const LONGEST_WAIT_SECONDS = 60

/**
 * Sends one file with the importer that runs on AWS: its reading, judging, sending, settling and reporting, over files in place of S3 and SQS.
 *
 * @throws SetupError where a person has to mend something; then, as after an interruption, the same command goes on
 */
export async function deliverFile(file: SentFile, state: SendState, options: SendOptions): Promise<SendResult> {
  await using rejected = await RejectedFile.open(file, state.reached)
  const stats = new SendStats(Date.now())
  if (state.checkpoint !== undefined) stats.note(state.checkpoint)
  using progress = new Progress(stats, options.lines, options.output)
  const endpoint = kissmetricsEndpoint(options.target.endpoint, options.limits.maxInFlight)
  try {
    return await new Send(file, state, options, { rejected, stats, progress, endpoint }).run()
  } finally {
    await endpoint.close()
  }
}

interface Parts {
  readonly rejected: RejectedFile
  readonly stats: SendStats
  readonly progress: Progress
  readonly endpoint: ReturnType<typeof kissmetricsEndpoint>
}

interface Later {
  readonly task: Task
  readonly seconds: number
}

class Send {
  readonly #file: SentFile
  readonly #options: SendOptions
  readonly #parts: Parts
  readonly #ports: Ports
  readonly #ending = new AbortController()
  #later: Later | undefined
  #timesBusy = 0

  constructor(file: SentFile, state: SendState, options: SendOptions, parts: Parts) {
    this.#file = file
    this.#options = options
    this.#parts = parts
    this.#ports = portsFor(file, state, {
      ...parts,
      ...options,
      defer: (task, seconds) => {
        this.#later = { task, seconds }
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
    let task = newTask(this.#file.file)
    let advanced = { settled: stats.settled, at: Date.now() }
    for (;;) {
      if (!(await this.#import(task))) return { kind: 'interrupted', settled: stats.settled }
      if (this.#later === undefined) break
      if (stats.settled > advanced.settled) advanced = { settled: stats.settled, at: Date.now() }
      if (!this.#options.isAttended && Date.now() - advanced.at > PATIENCE_MS) return { kind: 'given-up', settled: stats.settled }
      const { task: next, seconds } = this.#later
      this.#later = undefined
      await this.#wait(seconds)
      progress.notice('')
      task = next
    }
    const report = await readReport(this.#file)
    if (report === undefined) throw new Error(`${this.#file.reportPath} is not there after the send`)
    return { kind: 'ended', report }
  }

  /** @returns whether the import got as far as it can for now; false if the user interrupted it */
  async #import(task: Task): Promise<boolean> {
    const invocation = { messageId: undefined, deliveries: 1, ending: this.#ending.signal }
    const { kind } = await importFile(task, this.#ports, invocation)
    if (kind === 'lease-lost') throw this.#otherSend()
    return kind !== 'interrupted'
  }

  /** An earlier run that was killed holds the file for a moment; or another send is running. */
  #onBusy(): void {
    this.#timesBusy += 1
    if (this.#timesBusy > 1) throw this.#otherSend()
  }

  #otherSend(): SetupError {
    return new SetupError(
      `Another km-import send is at work on ${this.#file.name}. Wait until it is done, or stop it; the same command goes on then.`,
    )
  }

  async #wait(seconds: number): Promise<void> {
    const { signal } = this.#ending
    const why = this.#timesBusy > 0 ? 'an earlier run broke off just now' : 'the endpoint is down'
    for (let left = Math.min(LONGEST_WAIT_SECONDS, seconds); left > 0 && !signal.aborted; left -= 1) {
      this.#parts.progress.notice(this.#noticeOf(why, left))
      await delay(1_000, undefined, { signal }).catch(() => undefined)
    }
  }

  /** On a terminal the seconds go by; in a log one line says it. */
  #noticeOf(why: string, seconds: number): string {
    const when = this.#options.output.isTTY ? `in ${seconds} s` : 'in a moment'
    return `${why}; trying again ${when}. Ctrl-C to go on later`
  }
}
