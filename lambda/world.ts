import type { Clock, Endpoint } from './deliver/deliver.ts'
import type { Say } from './events.ts'
import type { Drops } from './read/drops.ts'
import type { Reports } from './report/reports.ts'
import type { DeadLetterQueue } from './settle/outbox.ts'

/** Everything outside: the handler builds the real one, tests build others. */
export interface World {
  readonly drops: Drops
  readonly reports: Reports
  readonly deadLetters: DeadLetterQueue
  readonly endpoint: Endpoint
  /** @throws SetupError where there is no key */
  readonly apiKey: () => Promise<string>
  readonly clock: Clock
  readonly say: Say
  readonly limits: Limits
}

export interface Limits {
  readonly maxInFlight: number
  readonly maxLineBytes: number
}
