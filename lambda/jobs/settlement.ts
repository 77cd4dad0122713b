import { Delivery } from '../deliver/delivery.ts'
import type { Entry } from '../parse/entry.ts'
import type { Ports } from '../ports.ts'
import { reject, type ReasonCode, type Rejection } from '../reasons.ts'
import { BackPressure, type BoundedStage } from '../settle/back-pressure.ts'
import { groupExample, lineDeadLetter, type DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import type { RatedRequests } from './rate-lease.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import type { Ledger } from '../settle/ledger.ts'

/**
 * Settles lines: each is delivered, dead-lettered or blank in the end, and the ledger knows which. The pipeline passes it the lines of a
 * file, in order, and waits for `backPressure` in between; a replay passes it one line.
 */
export class Settlement {
  readonly ledger: Ledger
  readonly backPressure = new BackPressure()
  readonly #delivery: Delivery
  readonly #deadLetters: DeadLetterSender
  readonly #origin: DeadLetterOrigin
  readonly #ports: Ports
  readonly #grouped: ReadonlySet<ReasonCode>

  /** @param grouped lines that are rejected for one of these reasons share a dead letter */
  constructor(origin: DeadLetterOrigin, ports: Ports, ledger: Ledger, grouped: readonly ReasonCode[] = []) {
    this.#origin = origin
    this.#grouped = new Set(grouped)
    this.#ports = ports
    this.ledger = ledger
    this.#deadLetters = new DeadLetterSender(ports.deadLetters, ports.clock, this.backPressure)
    this.#delivery = new Delivery(ports.endpoint, ports.clock, this.backPressure, {
      maxInFlight: ports.limits.maxInFlight,
      maxLinesPerSecond: ports.limits.maxLinesPerSecond,
      onPause: (ms) => {
        ports.events.paused(origin.file.key, ms)
      },
      onRepeat: () => {
        ledger.repeated()
      },
    })
    this.backPressure.add(openLinesOf(ledger, this.#deadLetters))
  }

  /** Begins to settle a line. Must be called only while there is room. */
  settle(entry: Entry): void {
    const { number, byteEnd } = entry.line
    if (!this.ledger.open(number, byteEnd + 1)) return
    switch (entry.kind) {
      case 'blank':
        this.ledger.blank(number, entry.skippedBy)
        return
      case 'rejected':
        this.#reject(entry)
        return
      case 'ready':
        this.#delivery.send(entry.requests, (outcome) => {
          if (outcome.kind === 'delivered') this.ledger.delivered(number, entry.parsed)
          else this.#sendDeadLetter(entry, 'undeliverable', reject('endpoint_refused', outcome.because), outcome.attempts)
        })
    }
  }

  /** The requests of the lines, for the limit that all invocations share. */
  get requests(): RatedRequests {
    return this.#delivery
  }

  /** Waits until every line has ended. @throws OutageError, SetupError, DeadLetterRefused, or the error of SQS */
  async finish(): Promise<void> {
    await this.#delivery.drain()
    await this.#deadLetters.flush()
  }

  /** Sends nothing more. The back-pressure object throws this error to the reader. */
  stop(error: Error): void {
    this.#delivery.stop(error)
  }

  /** Stops, and waits for what is in flight, so that nothing of this run happens after the next run has begun. Never rejects. */
  async shutDown(error: Error): Promise<void> {
    this.#delivery.stop(error)
    await this.#delivery.drain().catch(() => undefined) // throws the same error
    await this.#deadLetters.flush().catch(() => undefined) // the next run sends again what SQS did not accept
    await this.#deadLetters.stop()
  }

  #reject(entry: Extract<Entry, { readonly kind: 'rejected' }>): void {
    const { line, rejection } = entry
    if (this.#grouped.has(rejection.reason)) this.ledger.grouped(line.number, rejection, () => groupExample(line, rejection))
    else this.#sendDeadLetter(entry, 'rejected', rejection, 0)
  }

  #sendDeadLetter(entry: Entry, result: 'rejected' | 'undeliverable', rejection: Rejection, attempts: number): void {
    const deadLetter = lineDeadLetter(this.#origin, entry.line, rejection, attempts, this.#ports.clock.now())
    this.#deadLetters.send(deadLetter, () => {
      this.ledger.deadLettered(entry.line.number, result, rejection)
    })
  }
}

/**
 * The open lines of the ledger, as a stage. If there are too many, some may be dead letters that wait for their batch to fill, so that batch
 * is sent as it is. The delivery and the dead-letter sender report when lines end.
 */
function openLinesOf(ledger: Ledger, deadLetters: DeadLetterSender): BoundedStage {
  return {
    get hasRoom() {
      return ledger.hasRoom
    },
    onWait: () => {
      if (!ledger.hasRoom) deadLetters.sendNow()
    },
  }
}
