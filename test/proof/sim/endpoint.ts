import type { Answer } from '../../../lambda/deliver/classify.ts'
import type { Interval, Scenario } from './scenario.ts'
import type { Worker } from './worker.ts'
import type { Endpoint } from '../../../lambda/ports.ts'

const ACCEPTED: Answer = { kind: 'status', status: 200, contentType: 'image/gif' }

/** The simulated Kissmetrics endpoint. It remembers which requests it accepted, and how often. */
export class SimulatedEndpoint {
  /** Accepted requests by path and query, with how often each was accepted. */
  readonly accepted = new Map<string, number>()
  /** Requests that were accepted although the importer got no answer. */
  ambiguous = 0
  /** All requests, accepted or not. */
  requests = 0
  readonly #scenario: Scenario
  readonly #start: number

  constructor(scenario: Scenario, start: number) {
    this.#scenario = scenario
    this.#start = start
  }

  of(worker: Worker, chance: () => number): Endpoint {
    const { faults, outage, wrongSetup } = this.#scenario
    return {
      send: async ({ path, body }) => {
        const request = body === undefined ? path : `${path}?${body}`
        if (chance() < faults.stall) await worker.clock.sleep(400, new AbortController().signal)
        const now = worker.clock.now() - this.#start
        const isLost = chance() < faults.answerLost
        const isRefused = chance() < faults.refused
        return worker.act(() => {
          this.requests += 1
          if (isWithin(outage, now)) return { kind: 'no-answer', code: 'ECONNREFUSED' }
          if (isWithin(wrongSetup, now)) return { kind: 'status', status: 401 }
          if (request.includes('_n=413')) return { kind: 'status', status: 413 }
          if (isRefused) return { kind: 'status', status: 500 }
          this.accepted.set(request, (this.accepted.get(request) ?? 0) + 1)
          if (!isLost) return ACCEPTED
          this.ambiguous += 1
          return { kind: 'no-answer', code: 'ECONNRESET' }
        })
      },
    }
  }
}

function isWithin({ from, to }: Interval, at: number): boolean {
  return at >= from && at < to
}
