import { bucket, concurrent, degrading, faulty, perSecond, queueing, refusing, stalling, unlimited } from './endpoints.ts'
import { ACCEPTED, simulateAll, status, type Model, type Seen, type Simulation } from './simulation.ts'

/** An endpoint that is difficult to deliver to, and how well the delivery must do. */
export interface Scenario {
  /** Continues "an endpoint that …". */
  readonly endpoint: string
  readonly model: () => Model
  /** Every n-th line is bad, and undeliverable. */
  readonly badEvery?: number
  readonly seconds: number
  /** What a perfect client would have accepted, lines per second. */
  readonly ideal: number
  /** The least share of that, over the whole run. */
  readonly share: number
  /** The greatest share of requests that may be refused, in the second half of the run. */
  readonly refused: number
}

export const IN_FLIGHT = 64

const FAST = unlimited(20)
/** Lines per second of an endpoint that answers after 20 ms. */
const FAULT_FREE = 3_200

function atRandom(code: number, percent: number, share: number): Scenario {
  return {
    endpoint: `answers ${code} to ${percent} % at random`,
    model: () => refusing(FAST, percent / 100, status(code)),
    seconds: 10,
    ideal: FAULT_FREE,
    share,
    refused: percent / 80,
  }
}

function badLines(percent: number, share: number): Scenario {
  const badEvery = 100 / percent
  return {
    endpoint: `answers 400 to ${percent} % of the lines, whenever they are sent`,
    model: () => (arrival) => (arrival.line % badEvery === 0 ? { answer: status(400), afterMs: 5 } : FAST()),
    badEvery,
    seconds: 10,
    ideal: FAULT_FREE,
    share,
    refused: percent / 20,
  }
}

const sometimesSlow: Model = ({ ms }) => ({ answer: ACCEPTED, afterMs: ms % 3_000 < 2_000 ? 80 : 400 })

const capacityAt = (ms: number): number => (ms >= 40_000 && ms < 80_000 ? 20 : 40)

// prettier-ignore
export const SCENARIOS: readonly Scenario[] = [
  ...[429, 503].flatMap((code) => [atRandom(code, 0.5, 0.9), atRandom(code, 2, 0.9), atRandom(code, 5, 0.9), atRandom(code, 10, 0.75)]),
  { endpoint: 'answers 429 to 2 % at random, and is five times as slow in every third second', model: () => refusing(sometimesSlow, 0.02, status(429)), seconds: 30, ideal: (800 + 800 + 160) / 3, share: 0.85, refused: 0.04 },
  badLines(0.1, 0.9),
  badLines(1, 0.9),
  { endpoint: 'answers 500 to 2.5 %, and cuts 2.5 % of the connections', model: () => faulty(FAST, 0.025, 0.025), seconds: 10, ideal: FAULT_FREE, share: 0.9, refused: 0.06 },
  { endpoint: 'accepts 100 per second, 10 at once', model: () => bucket(100, 10, 20), seconds: 120, ideal: 100, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 100 per second, 10 at once, and sends Retry-After', model: () => bucket(100, 10, 20, '1'), seconds: 120, ideal: 100, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 100 per second, 10 at once, and refuses 10 % at random', model: () => refusing(bucket(100, 10, 20), 0.1, status(429)), seconds: 120, ideal: 100, share: 0.75, refused: 0.2 },
  { endpoint: 'accepts 100 in each second', model: () => perSecond(100, 20), seconds: 120, ideal: 100, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 100 in each second, and sends Retry-After', model: () => perSecond(100, 20, '1'), seconds: 120, ideal: 100, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 100 per second after the first thousand', model: () => bucket(100, 1_000, 20), seconds: 120, ideal: 100, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 1,000 per second, 100 at once', model: () => bucket(1_000, 100, 5), seconds: 40, ideal: 1_000, share: 0.9, refused: 0.05 },
  { endpoint: 'accepts 10 in each second', model: () => perSecond(10, 5), seconds: 240, ideal: 10, share: 0.8, refused: 0.25 },
  { endpoint: 'accepts 3 in each second', model: () => perSecond(3, 5), seconds: 300, ideal: 3, share: 0.95, refused: 0.45 },
  { endpoint: 'accepts 1 in each second', model: () => perSecond(1, 5), seconds: 300, ideal: 1, share: 0.95, refused: 0.85 },
  { endpoint: 'accepts one every 10 ms', model: () => bucket(100, 1, 20), seconds: 120, ideal: 100, share: 0.8, refused: 0.15 },
  { endpoint: 'accepts one at a time', model: () => concurrent(1, 50), seconds: 120, ideal: 20, share: 0.8, refused: 0.25 },
  { endpoint: 'accepts 20 at a time', model: () => concurrent(20, 50), seconds: 60, ideal: 400, share: 0.8, refused: 0.05 },
  { endpoint: 'accepts 20 at a time, with varying latency', model: () => concurrent(20, 50, 1), seconds: 60, ideal: 400, share: 0.8, refused: 0.05 },
  { endpoint: 'answers after 200 ms', model: () => unlimited(200), seconds: 40, ideal: 320, share: 0.95, refused: 0 },
  { endpoint: 'answers after 200 ms for a while, and otherwise after 20', model: () => (arrival) => unlimited(arrival.ms >= 5_000 && arrival.ms < 15_000 ? 200 : 20)(), seconds: 20, ideal: (3_200 + 320) / 2, share: 0.95, refused: 0 },
  { endpoint: 'works on 8 at a time and queues the others', model: () => queueing(8, 5), seconds: 20, ideal: 1_600, share: 0.95, refused: 0 },
  { endpoint: 'stalls for 400 ms at 1 % of the requests', model: () => stalling(FAST, 0.01, 400), seconds: 10, ideal: 2_689, share: 0.95, refused: 0 },
  { endpoint: 'becomes slow under load, refuses more than 40 at a time, and more than 20 for a while', model: () => degrading(capacityAt, 30), seconds: 120, ideal: (667 + 333 + 667) / 3, share: 0.95, refused: 0.05 },
]

export interface Figures {
  readonly acceptedPerSecond: number
  readonly refusedShare: number
}

/** @param fromMs the requests before that are left out */
export function figuresOf(seen: readonly Seen[], fromMs: number, toMs: number): Figures {
  const between = seen.filter(({ ms }) => ms >= fromMs && ms < toMs)
  const accepted = between.filter(({ wasAccepted }) => wasAccepted).length
  return { acceptedPerSecond: (accepted * 1000) / (toMs - fromMs), refusedShare: 1 - accepted / between.length }
}

export interface Result extends Figures {
  readonly run: Simulation
}

export async function runScenario({ model, seconds }: Scenario, seed: number): Promise<Result> {
  const [run] = await simulateAll(model(), [{ maxInFlight: IN_FLIGHT, forMs: seconds * 1000, seed }])
  if (run === undefined) throw new Error('nothing ran')
  const { acceptedPerSecond } = figuresOf(run.seen, 0, seconds * 1000)
  const { refusedShare } = figuresOf(run.seen, seconds * 500, seconds * 1000)
  return { run, acceptedPerSecond, refusedShare }
}

/** Two importers that share a token bucket. @returns the share of the first, 0.5 if they share equally, in the last minute */
export async function shareOfFirst(
  startMs: number,
  seed: number,
  model: Model = bucket(100, 10, 20),
): Promise<{ readonly share: number; readonly total: number }> {
  const seconds = 180
  const runs = await simulateAll(model, [
    { maxInFlight: IN_FLIGHT, forMs: seconds * 1000, seed },
    { maxInFlight: IN_FLIGHT, forMs: seconds * 1000 - startMs, seed, startMs },
  ])
  const [first = 0, second = 0] = runs.map(({ seen }) => figuresOf(seen, (seconds - 60) * 1000, seconds * 1000).acceptedPerSecond)
  return { share: first / (first + second), total: first + second }
}
