import { Delivery } from '../deliver/delivery.ts'
import type { Entry } from '../parse/entry.ts'
import { reject, type Rejection } from '../reasons.ts'
import type { Ledger } from '../settle/ledger.ts'
import { lineDeadLetter, type DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import type { Ports } from '../ports.ts'

/**
 * Brings every line to its end: delivered, dead-lettered, or blank. Each line is opened in the ledger, sent or posted, and ends there.
 *
 * It takes lines in order and gives way when too many are on their way; what ends them comes back in any order.
 */
export class Settlement {
  readonly ledger: Ledger
  readonly #delivery: Delivery
  readonly #deadLetters: DeadLetterSender
  readonly #origin: DeadLetterOrigin
  readonly #ports: Ports

  constructor(origin: DeadLetterOrigin, ports: Ports, ledger: Ledger) {
    this.#origin = origin
    this.#ports = ports
    this.ledger = ledger
    this.#deadLetters = new DeadLetterSender(ports.deadLetters, ports.clock)
    this.#delivery = new Delivery(ports.endpoint, ports.clock, {
      maxInFlight: ports.limits.maxInFlight,
      maxLinesPerSecond: ports.limits.maxLinesPerSecond,
      onPause: (ms) => {
        ports.events.paused(origin.file.key, ms)
      },
      onRepeat: () => {
        this.ledger.repeated()
      },
    })
  }

  /** Whether `settle` may be called without waiting. */
  get hasRoom(): boolean {
    return !this.#delivery.isFull && !this.#deadLetters.isFull && !this.ledger.isSpanFull
  }

  /** @throws OutageError, SetupError, or what the dead-letter queue said */
  async room(): Promise<void> {
    while (!this.hasRoom) {
      if (this.#delivery.isFull) await this.#delivery.room()
      if (this.#deadLetters.isFull) await this.#deadLetters.room()
      if (this.ledger.isSpanFull) await this.#endOldest()
    }
  }

  /** The oldest line is a letter that waits for its batch to fill, or it is on its way. */
  async #endOldest(): Promise<void> {
    const { settled } = this.ledger
    await this.#deadLetters.flush()
    if (this.ledger.settled === settled) await this.#delivery.change()
  }

  /** To be called only while there is room. */
  settle(entry: Entry): void {
    const { number, byteEnd } = entry.line
    this.ledger.open(number, byteEnd + 1)
    switch (entry.kind) {
      case 'blank':
        this.ledger.blank(number)
        return
      case 'rejected':
        this.#post(entry, 'rejected', entry.rejection, 0)
        return
      case 'ready':
        this.#delivery.send(entry.requests, (outcome) => {
          if (outcome.kind === 'delivered') this.ledger.delivered(number, entry.parsed)
          else this.#post(entry, 'undeliverable', reject('endpoint_refused', outcome.because), outcome.attempts)
        })
    }
  }

  /** Waits until every line has ended. @throws OutageError, SetupError, or what the dead-letter queue said */
  async finish(): Promise<void> {
    await this.#delivery.drain()
    await this.#deadLetters.flush()
  }

  /** Begins to send nothing more; whoever waits for room is told that error. */
  stop(error: Error): void {
    this.#delivery.stop(error)
  }

  /** Stops, and brings what is on its way to its end, so that nothing goes on behind the back of who comes next. */
  async windDown(error: Error): Promise<void> {
    this.#delivery.stop(error)
    await this.#delivery.drain().catch(() => undefined) // throws the same error
    await this.#deadLetters.flush().catch(() => undefined) // a letter that was not taken is written again by the next run
    await this.#deadLetters.stop()
  }

  #post(entry: Entry, how: 'rejected' | 'undeliverable', rejection: Rejection, attempts: number): void {
    const deadLetter = lineDeadLetter(this.#origin, entry.line, rejection, attempts, this.#ports.clock.now())
    this.#deadLetters.post(deadLetter, () => {
      this.ledger.deadLettered(entry.line.number, how, rejection)
    })
  }
}
