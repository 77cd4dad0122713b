import type { Checkpoint } from '../../lambda/settle/checkpoint.ts'
import { settledLines } from '../../lambda/settle/counts.ts'
import type { Endpoint } from '../../lambda/ports.ts'

/** How a send goes on, as far as a person wants to see it. */
export class SendStats {
  inFlight = 0
  /** Lines that have ended, and of those the ones that came back; as of the last checkpoint. */
  settled = 0
  notDelivered = 0
  readonly #startedAt: number
  #settledBefore: number | undefined

  constructor(now: number) {
    this.#startedAt = now
  }

  watch(endpoint: Endpoint): Endpoint {
    return {
      send: (request) => {
        this.inFlight += 1
        return endpoint.send(request).finally(() => {
          this.inFlight -= 1
        })
      },
    }
  }

  note({ counts }: Checkpoint): void {
    this.settled = settledLines(counts)
    this.notDelivered = counts.lines.rejected + counts.lines.undeliverable
    this.#settledBefore ??= this.settled // an earlier run has settled those
  }

  /** Lines a second, over this run. */
  rate(now: number): number {
    return (this.settled - (this.#settledBefore ?? 0)) / Math.max(0.001, (now - this.#startedAt) / 1000)
  }
}
