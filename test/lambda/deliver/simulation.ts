import { Delivery, type DeliveryOptions, type Outcome } from '../../../lambda/deliver/delivery.ts'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

export const ACCEPTED: Answer = { kind: 'status', status: 200 }

export function status(code: number, retryAfter?: string): Answer {
  return { kind: 'status', status: code, ...(retryAfter !== undefined && { retryAfter }) }
}

export function noAnswer(code: string): Answer {
  return { kind: 'no-answer', code }
}

/** A request that has just come in. */
export interface Arrival {
  readonly line: number
  /** Since the start. */
  readonly ms: number
  /** How many are being worked on, this one included. */
  readonly inFlight: number
  readonly chance: () => number
}

/** What an endpoint does with a request. */
export interface Reply {
  readonly answer: Answer
  readonly afterMs: number
}

export type Model = (arrival: Arrival) => Reply

/** An attempt, as the endpoint saw it. */
export interface Seen {
  readonly line: number
  readonly ms: number
  readonly inFlight: number
  readonly wasAccepted: boolean
}

export interface Load extends DeliveryOptions {
  /** No line begins after that. */
  readonly forMs?: number
  readonly lines?: number
  readonly seed?: number
}

export interface Simulation {
  readonly seen: readonly Seen[]
  readonly outcomes: ReadonlyMap<number, Outcome>
  readonly error: unknown
  /** Lines that were begun. */
  readonly lines: number
  /** Lines that were begun and had not ended, at most. */
  readonly mostOpen: number
  readonly elapsedMs: number
}

/** Sends lines of one request each to a simulated endpoint, as fast as they go, on a clock of its own: the same each time. */
export async function simulate(model: Model, load: Load): Promise<Simulation> {
  const { forMs = Infinity, lines = Infinity, seed = 1, ...options } = load
  const clock = new VirtualClock(seed)
  const chance = seeded(seed + 1)
  const start = clock.now()
  const seen: Seen[] = []
  let inFlight = 0
  const send = async ({ path }: { path: string }): Promise<Answer> => {
    inFlight += 1
    const arrival = { line: Number(path.split('=')[1]), ms: clock.now() - start, inFlight, chance }
    const { answer, afterMs } = model(arrival)
    seen.push({ line: arrival.line, ms: arrival.ms, inFlight, wasAccepted: answer === ACCEPTED })
    await clock.sleep(afterMs)
    inFlight -= 1
    return answer
  }
  const backPressure = new BackPressure()
  const delivery = new Delivery({ send }, clock, backPressure, options)
  const outcomes = new Map<number, Outcome>()
  let line = 0
  let mostOpen = 0
  let error: unknown
  try {
    while (line < lines) {
      if (!backPressure.hasRoom) await backPressure.room()
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
