import type { Checkpoint } from './checkpoint.ts'
import { LeaseLost, type Lease } from './lease.ts'
import type { Ledger } from './ledger.ts'
import type { Clock } from '../ports.ts'

export interface CheckpointerOptions {
  readonly everyMs: number
  /** Most lines that may have been sent beyond the last checkpoint: so many a crash can repeat. */
  readonly maxUnsaved: number
  /** Another run has taken the work over. */
  readonly onLost: (error: LeaseLost) => void
  /** A checkpoint was written. */
  readonly onSaved: (checkpoint: Checkpoint) => void
}

/**
 * Writes down how far a ledger is: every few seconds, which also tells that this run is alive, and sooner when many lines have been sent
 * since. Where S3 does not take it, lines wait: what a crash can repeat stays bounded.
 */
export class Checkpointer {
  readonly #lease: Lease<Checkpoint>
  readonly #first: Checkpoint
  readonly #ledger: Ledger
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #options: CheckpointerOptions
  readonly #stopping = new AbortController()
  readonly #beating: Promise<void>
  #savedLine: number
  #saving: Promise<void> | undefined

  /** @param first the checkpoint that this run begins with */
  constructor(
    lease: Lease<Checkpoint>,
    first: Checkpoint,
    ledger: Ledger,
    clock: Pick<Clock, 'sleep'>,
    options: CheckpointerOptions,
  ) {
    this.#lease = lease
    this.#first = first
    this.#ledger = ledger
    this.#clock = clock
    this.#options = options
    this.#savedLine = ledger.settled
    this.#beating = this.#beat()
  }

  /** Whether another line may be sent. */
  get hasRoom(): boolean {
    return this.#ledger.newest - this.#savedLine < this.#options.maxUnsaved
  }

  /** To be called now and then while lines go on: saves beside them when it is worth it. */
  note(): void {
    if (this.#saving === undefined && (this.#ledger.settled - this.#savedLine) * 4 >= this.#options.maxUnsaved)
      void this.#trySaving()
  }

  /** @throws LostClaim, or what S3 said */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.save()
  }

  /** @throws LostClaim, or what S3 said */
  save(): Promise<void> {
    this.#saving ??= this.#write().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Writes the last checkpoint of this run and gives the claim up. @throws LostClaim, or what S3 said */
  async end(ending: Partial<Checkpoint> = {}): Promise<Checkpoint> {
    this.#stopping.abort()
    await this.#beating
    await this.#saving?.catch(() => undefined) // the next one says the same
    const last = { ...this.#checkpoint(), ...ending }
    await this.#lease.release(last)
    return last
  }

  async #write(): Promise<void> {
    const checkpoint = this.#checkpoint()
    await this.#lease.save(checkpoint)
    this.#savedLine = checkpoint.watermark.line
    this.#options.onSaved(checkpoint)
  }

  #checkpoint(): Checkpoint {
    const { watermark, newest, repeats } = this.#ledger
    const repeatsPossible = this.#first.repeatsPossible + repeats
    return { ...this.#first, watermark, newest, counts: this.#ledger.counts(), repeatsPossible }
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      await this.#clock.sleep(this.#options.everyMs, signal)
      if (signal.aborted) return
      await this.#trySaving()
    }
  }

  /** What S3 did not take is tried again soon, and at the latest when there is no more room. */
  async #trySaving(): Promise<void> {
    try {
      await this.save()
    } catch (error) {
      if (error instanceof LeaseLost) this.#options.onLost(error)
    }
  }
}
