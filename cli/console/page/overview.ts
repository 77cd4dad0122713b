import { signal } from '@preact/signals'
import type { Overview } from '../api-types.ts'

/** The last overview that the console sent; undefined until the first one arrives. */
export const overview = signal<Overview>()

/** Why the last poll failed; undefined after a poll that succeeded. */
export const connectionError = signal<ConnectionError>()

/** How many imports the overview lists. */
export const importLimit = signal(50)

export interface ConnectionError {
  readonly message: string
  /** True if the console does not answer at all. */
  readonly isUnreachable: boolean
}
