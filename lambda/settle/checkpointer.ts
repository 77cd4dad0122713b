import { asError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { BackPressure, BoundedStage } from './back-pressure.ts'
import type { Checkpoint } from './checkpoint.ts'
import { LeaseLost, type Lease } from './lease.ts'
import type { Ledger } from './ledger.ts'

export interface CheckpointerOptions {
  readonly everyMs: number
  /** Lines that are not in the last checkpoint, because they are open or ended since, above which no further line is read. */
  readonly maxUnsaved: number
  /** Called when another run has taken over the lease. */
  readonly onLost: (error: LeaseLost) => void
  /** Called when a checkpoint was saved. */
  readonly onSaved: (checkpoint: Checkpoint) => void
}

/**
 * Saves the state of a ledger: every few seconds, which also renews the lease, and earlier if many lines were settled since. A run creates
 * one, and ends it.
 *
 * If S3 does not accept a checkpoint, the reader has to wait sooner or later, so what a crash can repeat stays bounded.
 */
export class Checkpointer implements BoundedStage {
  readonly #lease: Lease<Checkpoint>
  readonly #first: Checkpoint
  readonly #ledger: Ledger
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #backPressure: BackPressure
  readonly #options: CheckpointerOptions
  readonly #stopping = new AbortController()
  readonly #periodicSaves: Promise<void>
  /** Of this run, what the last checkpoint shows. */
  #savedLines = 0
  #savedRepeats = 0
  #saving: Promise<void> | undefined

  /** @param first the checkpoint that this run begins with */
  constructor(
    lease: Lease<Checkpoint>,
    first: Checkpoint,
    ledger: Ledger,
    clock: Pick<Clock, 'sleep'>,
    backPressure: BackPressure,
    options: CheckpointerOptions,
  ) {
    this.#lease = lease
    this.#first = first
    this.#ledger = ledger
    this.#clock = clock
    this.#backPressure = backPressure
    this.#options = options
    this.#periodicSaves = this.#savePeriodically()
    backPressure.add(this)
  }

  /** What this run has done since the last checkpoint: lines that ended, and requests that were sent again. */
  get #unsaved(): number {
    return this.#ledger.endedLines - this.#savedLines + this.#ledger.repeats - this.#savedRepeats
  }

  get hasRoom(): boolean {
    return this.#unsaved + this.#ledger.openLines < this.#options.maxUnsaved
  }

  /** Saves if many lines were settled since the last checkpoint. If the reader waits for this stage, it gets the error of a failed save. */
  onWait(): void {
    const unsaved = this.#unsaved
    if (!this.hasRoom && unsaved > 0) {
      this.save().catch((error: unknown) => {
        this.#backPressure.fail(asError(error))
      })
    } else if (this.#saving === undefined && unsaved * 2 >= this.#options.maxUnsaved) void this.#trySaving()
  }

  /** @throws LeaseLost, or the error of S3 */
  save(): Promise<void> {
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Saves the last checkpoint of this run and releases the lease. @throws LeaseLost, or the error of S3 */
  async end(ending: Partial<Checkpoint> = {}): Promise<Checkpoint> {
    this.#stopping.abort('ended') // without a reason, abort() makes an error with a stack trace
    await this.#periodicSaves
    await this.#saving?.catch(() => undefined) // the last checkpoint says more
    const last = { ...this.#checkpoint(), ...ending }
    await this.#lease.release(last)
    return last
  }

  async #write(): Promise<void> {
    const checkpoint = this.#checkpoint()
    const { endedLines, repeats } = this.#ledger
    await this.#lease.save(checkpoint)
    this.#savedLines = endedLines
    this.#savedRepeats = repeats
    this.#options.onSaved(checkpoint)
    this.#backPressure.changed()
  }

  #checkpoint(): Checkpoint {
    const { newest, repeats } = this.#ledger
    return {
      ...this.#first,
      ...this.#ledger.progress(),
      newest: Math.max(newest, this.#first.newest),
      repeatsPossible: this.#first.repeatsPossible + repeats,
      repeatedTries: this.#first.repeatedTries + repeats,
    }
  }

  async #savePeriodically(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await this.#clock.sleep(this.#options.everyMs, signal)
      if (signal.aborted) return
      await this.#trySaving()
    }
  }

  /** Ignores an error of S3: the next save tries again, at the latest when there is no more room. */
  async #trySaving(): Promise<void> {
    try {
      await this.save()
    } catch (error) {
      if (error instanceof LeaseLost) this.#options.onLost(error)
    }
  }
}
