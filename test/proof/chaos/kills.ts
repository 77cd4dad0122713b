import { seeded } from '../../support/seeded.ts'

/** When an importer is killed. */
export type Death =
  /** So long after its process was started: it may not even have begun. */
  | { readonly kind: 'starting'; readonly ms: number }
  /** So long after it began to take messages. */
  | { readonly kind: 'by the clock'; readonly ms: number }
  /** When the sink has taken so many requests of it. */
  | { readonly kind: 'at work'; readonly requests: number }
  /** At one of its calls to AWS, by its own hand: before it is made, or when its answer has come. */
  | { readonly kind: 'at a call'; readonly moment: 'before' | 'after'; readonly call: number }

/** What an importer waits for may never come: then it is killed after this. */
export const LONGEST_LIFE_MS = 3_000
const SHORTEST_START_MS = 50
const MOST_CALLS = 60

/**
 * The deaths of a run. Those at work are measured in requests and not by the clock, so that they are spread over the whole import, however
 * fast the machine is.
 */
export function* planDeaths(seed: number, kills: number, lines: number): Generator<Death> {
  const chance = seeded(seed)
  const requestsEach = lines / kills
  for (let kill = 0; kill < kills; kill += 1) {
    const kind = chance()
    const size = chance()
    if (kind < 0.1) yield { kind: 'starting', ms: size * SHORTEST_START_MS }
    else if (kind < 0.3) yield { kind: 'by the clock', ms: kind < 0.12 ? LONGEST_LIFE_MS : 100 + size * 1400 }
    else if (kind < 0.6)
      yield { kind: 'at a call', moment: chance() < 0.5 ? 'before' : 'after', call: 1 + Math.floor(size * MOST_CALLS) }
    else yield { kind: 'at work', requests: Math.floor(size * 2 * requestsEach) }
  }
}
