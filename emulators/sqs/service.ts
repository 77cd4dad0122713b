import type { SqsFaults } from './faults.ts'
import type { Messages } from './messages.ts'
import type { MoveTasks } from './move-tasks.ts'
import type { Queue, Queues } from './queues.ts'

/** What the operations work with. */
export interface Service {
  readonly queues: Queues
  readonly messages: Messages
  readonly moveTasks: MoveTasks
  readonly faults: SqsFaults
  readonly urlOf: (queue: Queue) => string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** How much of the time that a receive may wait it does wait: 1 is all of it. */
  readonly waitScale: number
}
