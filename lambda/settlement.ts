import { Delivery } from './deliver/deliver.ts'
import type { Entry } from './examine.ts'
import { reject, type Rejection } from './reasons.ts'
import { Ledger } from './settle/ledger.ts'
import { lineLetter, type Sender } from './settle/letters.ts'
import { Outbox } from './settle/outbox.ts'
import type { World } from './world.ts'

/** Most lines from the oldest that has not ended to the newest. Bounds memory, and what a crash can repeat. */
const MAX_SPAN = 4096

/**
 * Brings every line to its end: delivered, dead-lettered, or blank. Each line is opened in the ledger, sent or posted, and ends there.
 *
 * It takes lines in order and gives way when too many are on their way; what ends them comes back in any order.
 */
export class Settlement {
  readonly ledger: Ledger
  readonly #delivery: Delivery
  readonly #outbox: Outbox
  readonly #sender: Sender
  readonly #world: World

  constructor(sender: Sender, world: World, firstLine: number) {
    this.#sender = sender
    this.#world = world
    this.ledger = new Ledger(firstLine, MAX_SPAN)
    this.#outbox = new Outbox(world.deadLetters, world.clock)
    this.#delivery = new Delivery(world.endpoint, world.clock, {
      maxInFlight: world.limits.maxInFlight,
      onPause: (ms) => {
        world.say.paused(sender.drop.key, ms)
      },
    })
  }

  /** Whether `settle` may be called without waiting. */
  get hasRoom(): boolean {
    return !this.#delivery.isFull && !this.#outbox.isFull && !this.ledger.isSpanFull
  }

  /** @throws OutageError, SetupError, or what the dead-letter queue said */
  async room(): Promise<void> {
    while (!this.hasRoom) {
      if (this.#delivery.isFull) await this.#delivery.room()
      if (this.#outbox.isFull) await this.#outbox.room()
      if (this.ledger.isSpanFull) await this.#endOldest()
    }
  }

  /** The oldest line is a letter that waits for its batch to fill, or it is on its way. */
  async #endOldest(): Promise<void> {
    const { mark } = this.ledger
    await this.#outbox.flush()
    if (this.ledger.mark === mark) await this.#delivery.change()
  }

  /** To be called only while there is room. */
  settle(entry: Entry): void {
    const { number } = entry.line
    this.ledger.open(number)
    switch (entry.kind) {
      case 'blank':
        this.ledger.blank(number)
        return
      case 'rejected':
        this.#post(entry, 'rejected', entry.rejection, 0)
        return
      case 'ready':
        this.#delivery.send(entry.requests, (outcome) => {
          if (outcome.kind === 'delivered')
            this.ledger.delivered(number, entry.parsed.commands, entry.parsed.time, entry.parsed.warnings)
          else this.#post(entry, 'undeliverable', reject('endpoint_refused', outcome.because), outcome.attempts)
        })
    }
  }

  /** Waits until every line has ended. @throws OutageError, SetupError, or what the dead-letter queue said */
  async finish(): Promise<void> {
    await this.#delivery.drain()
    await this.#outbox.flush()
  }

  /** Gives up: begins nothing more, and waits for what is on its way, so that nothing goes on behind the back of who comes next. */
  async abandon(error: Error): Promise<void> {
    this.#delivery.stop(error)
    await Promise.allSettled([this.#delivery.drain(), this.#outbox.stop()])
  }

  #post(entry: Entry, how: 'rejected' | 'undeliverable', rejection: Rejection, attempts: number): void {
    const letter = lineLetter(this.#sender, entry.line, rejection, attempts, this.#world.clock.now())
    this.#outbox.post(letter, () => {
      this.ledger.deadLettered(entry.line.number, how, rejection)
    })
  }
}
