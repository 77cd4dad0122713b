import { RECONCILE_SCHEMA } from '../keys.ts'
import type { ListPosition } from '../ports.ts'

/** A search for missed files, as far as earlier invocations have come. */
export interface Search {
  /** Where to continue; absent for the start. */
  readonly after?: ListPosition
  /** Import files that were checked so far. */
  readonly files: number
  /** Those that were queued. */
  readonly queued: number
  /** When the search has started, in milliseconds since 1970. Absent in a message of an older version. */
  readonly startedAt?: number
  /** Each report that was written until then is final, except the unfinished ones. */
  readonly finalUntil?: number
  /** Keys of reports. */
  readonly unfinished?: readonly string[]
}

export const NEW_SEARCH: Search = Object.freeze({ files: 0, queued: 0 })

/** The SQS message that asks for the rest of a search. */
export function searchBody(search: Search): string {
  return JSON.stringify({ schema: RECONCILE_SCHEMA, ...search })
}
