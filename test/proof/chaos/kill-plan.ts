import { seeded } from '../../support/seeded.ts'

/** When an importer process is killed. */
export type Kill =
  /** Some time after its process was started, perhaps before it is ready. */
  | { readonly kind: 'starting'; readonly ms: number }
  /** Some time after it started to receive messages. */
  | { readonly kind: 'by the clock'; readonly ms: number }
  /** When the sink has accepted this many of its requests. */
  | { readonly kind: 'at work'; readonly requests: number }
  /** At one of its calls to AWS: before the request, or after the response. The process kills itself. */
  | { readonly kind: 'at a call'; readonly moment: 'before' | 'after'; readonly call: number }

/** An importer that does not reach its planned end is killed after this. */
export const MAX_LIFETIME_MS = 3_000
const MAX_START_MS = 50
const MAX_CALLS = 60

/**
 * The kills of a run. Kills at work are planned by requests instead of time, so that they are spread over the whole import on any
 * machine.
 */
export function* planKills(seed: number, kills: number, lines: number): Generator<Kill> {
  const chance = seeded(seed)
  const requestsEach = lines / kills
  for (let kill = 0; kill < kills; kill += 1) {
    const kind = chance()
    const size = chance()
    if (kind < 0.1) yield { kind: 'starting', ms: size * MAX_START_MS }
    else if (kind < 0.3) yield { kind: 'by the clock', ms: kind < 0.12 ? MAX_LIFETIME_MS : 100 + size * 1400 }
    else if (kind < 0.6)
      yield { kind: 'at a call', moment: chance() < 0.5 ? 'before' : 'after', call: 1 + Math.floor(size * MAX_CALLS) }
    else yield { kind: 'at work', requests: Math.floor(size * 2 * requestsEach) }
  }
}
