import type { Endpoint } from '../../lambda/ports.ts'
import type { Checkpoint } from '../../lambda/settle/checkpoint.ts'
import { settledLines } from '../../lambda/settle/counts.ts'

/** Numbers for the progress line of a send. */
export class SendStats {
  /** Requests without an answer yet. */
  inFlight = 0
  /** Settled lines, as of the last checkpoint. */
  settled = 0
  /** Rejected and undeliverable lines among them. */
  notDelivered = 0
  readonly #startedAt: number
  #settledBefore: number | undefined

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#startedAt = now
  }

  /** The same endpoint, with its requests counted. */
  counting(endpoint: Endpoint): Endpoint {
    return {
      origin: endpoint.origin,
      send: (request, onAnswer) => {
        this.inFlight += 1
        endpoint.send(request, (answer) => {
          this.inFlight -= 1
          onAnswer(answer)
        })
      },
    }
  }

  /** The first checkpoint is where an earlier run ended, so its lines do not count for the rate. */
  update({ counts }: Pick<Checkpoint, 'counts'>): void {
    this.settled = settledLines(counts)
    this.notDelivered = counts.lines.rejected + counts.lines.undeliverable
    this.#settledBefore ??= this.settled
  }

  /** Lines per second in this run. */
  rate(now: number): number {
    return (this.settled - (this.#settledBefore ?? 0)) / Math.max(0.001, (now - this.#startedAt) / 1000)
  }
}
