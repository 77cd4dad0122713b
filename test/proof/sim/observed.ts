import type { AnswerReceiver } from './answers.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { SimulatedEndpoint } from './endpoint.ts'
import type { ModelFile } from './model.ts'
import type { SimulatedQueue } from './queue.ts'
import type { Replacements } from './replacements.ts'
import type { Store } from './store.ts'

/** Thrown when the importer breaks a promise. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function expectKept(promise: string, isKept: boolean, seen: () => string): void {
  if (!isKept) throw new Violation(`${promise}: ${seen()}`)
}

/** The world, as a person could see it from outside. */
export interface Observed {
  /** Files of fixed lines are added when they are uploaded. */
  readonly files: readonly ModelFile[]
  readonly replacements: Replacements
  readonly store: Store
  readonly queue: SimulatedQueue
  readonly deadLetters: DeadLetters
  readonly endpoint: SimulatedEndpoint
  readonly receiver: AnswerReceiver
  /** The files whose event or message was lost, so that only the daily search can find them. */
  readonly lost: ReadonlySet<string>
  /** Ids of files about which a person has still to decide. */
  readonly undecided: ReadonlySet<number>
  /** Whether the safety check is on. */
  readonly isChecked: boolean
  /** Whether answers about files are pushed. */
  readonly isAnswered: boolean
  /** Whether invocations are so short that a survey can run out of time. */
  readonly isShortOfTime: boolean
  readonly maxInFlight: number
}
