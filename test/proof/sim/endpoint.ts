import type { Answer } from '../../../lambda/deliver/classify.ts'
import type { Endpoint } from '../../../lambda/ports.ts'
import { lineOfRequest } from './model.ts'
import type { SpellKind } from './scenario.ts'
import type { Worker } from './worker.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'

const ACCEPTED: Answer = { kind: 'status', status: 200, contentType: 'image/gif' }

const SPELL_ANSWERS: Readonly<Partial<Record<SpellKind, Answer>>> = {
  down: { kind: 'no-answer', code: 'ECONNREFUSED' },
  busy: { kind: 'status', status: 503 },
  throttled: { kind: 'status', status: 429 },
  'throttled-with-wait': { kind: 'status', status: 429, retryAfter: '30' },
  unauthorized: { kind: 'status', status: 401 },
  'web-page': { kind: 'status', status: 200, contentType: 'text/html; charset=utf-8' },
}

export interface EndpointFaults {
  /** The spells that are in force. */
  readonly spells: () => readonly SpellKind[]
  readonly isHealed: () => boolean
  readonly stalls: () => boolean
  readonly losesAnswer: () => boolean
  readonly refuses: () => boolean
  readonly throttles: () => boolean
}

export interface EndpointHooks {
  /** A request has arrived, accepted or not. */
  arrived(request: string): void
}

/** What was accepted of one line: each request, with how often. */
export type AcceptedLine = ReadonlyMap<string, number>

const NOTHING: AcceptedLine = new Map()

/** The simulated Kissmetrics endpoint. It remembers which requests it accepted, and how often. */
export class SimulatedEndpoint {
  readonly #accepted = new Map<string, Map<string, number>>()
  /** Requests that were accepted although the importer got no answer. */
  ambiguous = 0
  /** All requests, accepted or not. */
  requests = 0
  readonly #hooks: EndpointHooks

  constructor(hooks: EndpointHooks) {
    this.#hooks = hooks
  }

  /** What was accepted of a line. */
  acceptedOf(file: number, line: number): AcceptedLine {
    return this.#accepted.get(`${file}:${line}`) ?? NOTHING
  }

  of(worker: Worker, faults: EndpointFaults): Endpoint {
    return promisedEndpoint(async ({ path, body }) => {
      const request = body === undefined ? path : `${path}?${body}`
      if (faults.stalls()) await worker.sleep(400)
      return worker.act(() => this.#answer(request, faults))
    })
  }

  #answer(request: string, faults: EndpointFaults): Answer {
    this.requests += 1
    this.#hooks.arrived(request)
    for (const spell of faults.spells()) {
      const answer = SPELL_ANSWERS[spell]
      if (answer !== undefined) return answer
    }
    if (request.includes('_n=400')) return { kind: 'status', status: 400 }
    if (request.includes('_n=413')) return { kind: 'status', status: 413 }
    if (request.includes('_n=414') && !faults.isHealed()) return { kind: 'status', status: 414 }
    if (faults.refuses()) return { kind: 'status', status: 500 }
    if (faults.throttles()) return { kind: 'status', status: 429, ...(this.requests % 2 === 0 && { retryAfter: '1' }) }
    this.#accept(request)
    if (!faults.losesAnswer()) return ACCEPTED
    this.ambiguous += 1
    return { kind: 'no-answer', code: 'ECONNRESET' }
  }

  #accept(request: string): void {
    const { file, line } = lineOfRequest(request)
    const key = `${file}:${line}`
    const requests = this.#accepted.get(key) ?? new Map<string, number>()
    this.#accepted.set(key, requests.set(request, (requests.get(request) ?? 0) + 1))
  }
}
