import { Delivery, type DeliveryOptions, type Outcome } from '../../../lambda/deliver/delivery.ts'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'
import { roomIn } from '../../support/room-in.ts'

export const ACCEPTED: Answer = { kind: 'status', status: 200 }

export function status(code: number, retryAfter?: string): Answer {
  return { kind: 'status', status: code, ...(retryAfter !== undefined && { retryAfter }) }
}

export function noAnswer(code: string): Answer {
  return { kind: 'no-answer', code }
}

/** A request that has just arrived at the endpoint. */
export interface Arrival {
  readonly line: number
  /** Milliseconds since the start. */
  readonly ms: number
  /** Requests in flight, this one included. */
  readonly inFlight: number
  readonly chance: () => number
}

/** How an endpoint answers a request. */
export interface Reply {
  readonly answer: Answer
  readonly afterMs: number
}

export type Model = (arrival: Arrival) => Reply

/** A request, as the endpoint saw it. */
export interface Seen {
  readonly line: number
  readonly ms: number
  readonly inFlight: number
  readonly wasAccepted: boolean
}

export interface Load extends DeliveryOptions {
  /** No line is sent after that. */
  readonly forMs?: number
  readonly lines?: number
  readonly seed?: number
}

export interface Simulation {
  readonly seen: readonly Seen[]
  readonly outcomes: ReadonlyMap<number, Outcome>
  readonly error: unknown
  /** Lines that were sent. */
  readonly lines: number
  /** Most lines that were sent and had not ended, at any time. */
  readonly mostOpen: number
  readonly elapsedMs: number
}

/** Sends lines of one request each to a simulated endpoint, as fast as the delivery allows, on a virtual clock. A seed gives the same run each time. */
export async function simulate(model: Model, load: Load): Promise<Simulation> {
  const [run] = await simulateAll(model, [load])
  return run!
}

/** The same for several importers that share an endpoint. @param startMs when each begins, from the start of the first */
export async function simulateAll(
  model: Model,
  loads: readonly (Load & { readonly startMs?: number })[],
): Promise<readonly Simulation[]> {
  const seed = loads[0]?.seed ?? 1
  const clock = new VirtualClock(seed, { jumpsPerTurn: 64 })
  const endpoint = new SimulatedEndpoint(model, clock, seeded(seed + 1))
  return Promise.all(
    loads.map(async ({ startMs = 0, ...load }) => {
      await clock.sleep(startMs)
      return run(endpoint, clock, load)
    }),
  )
}

class SimulatedEndpoint {
  readonly #model: Model
  readonly #clock: VirtualClock
  readonly #chance: () => number
  readonly #start: number
  #inFlight = 0

  constructor(model: Model, clock: VirtualClock, chance: () => number) {
    this.#model = model
    this.#clock = clock
    this.#chance = chance
    this.#start = clock.now()
  }

  async send(path: string, onSeen: (seen: Seen) => void): Promise<Answer> {
    this.#inFlight += 1
    const line = Number(path.split('=')[1])
    const ms = this.#clock.now() - this.#start
    const inFlight = this.#inFlight
    const { answer, afterMs } = this.#model({ line, ms, inFlight, chance: this.#chance })
    onSeen({ line, ms, inFlight, wasAccepted: answer === ACCEPTED })
    await this.#clock.sleep(afterMs)
    this.#inFlight -= 1
    return answer
  }
}

async function run(endpoint: SimulatedEndpoint, clock: VirtualClock, load: Load): Promise<Simulation> {
  const { forMs = Infinity, lines = Infinity, seed: _seed, ...options } = load
  const start = clock.now()
  const seen: Seen[] = []
  const send = ({ path }: { path: string }): Promise<Answer> => endpoint.send(path, (one) => seen.push(one))
  const backPressure = new BackPressure()
  const delivery = new Delivery(promisedEndpoint(send), clock, backPressure, options)
  const outcomes = new Map<number, Outcome>()
  let line = 0
  let mostOpen = 0
  let error: unknown
  try {
    while (line < lines) {
      if (!backPressure.hasRoom) await roomIn(backPressure)
      if (clock.now() - start >= forMs) break
      const number = (line += 1)
      mostOpen = Math.max(mostOpen, number - outcomes.size)
      delivery.send([{ method: 'GET', path: `/e?line=${number}` }], (outcome) => {
        if (outcomes.has(number)) throw new Error(`line ${number} ended twice`)
        outcomes.set(number, outcome)
      })
    }
    await delivery.drain()
  } catch (thrown) {
    error = thrown
  }
  return { seen, outcomes, error, lines: line, mostOpen, elapsedMs: clock.now() - start }
}
