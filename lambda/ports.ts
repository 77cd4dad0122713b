import type { Limits } from './settings.ts'
import type { Clock, Endpoint } from './deliver/delivery.ts'
import type { Events } from './events.ts'
import type { DeadLetterReader } from './archive/dead-letter-reader.ts'
import type { DeadLetterArchive } from './archive/archived.ts'
import type { SourceFiles, Listing } from './read/drops.ts'
import type { Reports } from './report/reports.ts'
import type { Checkpoints } from './settle/lease.ts'
import type { DeadLetterQueue } from './settle/dead-letter-sender.ts'

/** Everything outside: the handler builds the real one, tests build others. */
export interface Ports {
  readonly files: SourceFiles
  readonly listing: Listing
  readonly reports: Reports
  readonly checkpoints: Checkpoints
  readonly deadLetters: DeadLetterQueue
  /** The same queue, for who looks into it. */
  readonly deadLetterReader: DeadLetterReader
  readonly archived: DeadLetterArchive
  /** Where letters are parked that belong to no drop in particular. */
  readonly bucket: string
  readonly importQueue: ImportQueue
  readonly endpoint: Endpoint
  /** @throws SetupError where there is no key */
  readonly apiKey: () => Promise<string>
  readonly clock: Clock
  /** A name that no other run has. */
  readonly newRun: () => string
  readonly events: Events
  readonly limits: Limits
}

/** The queue that work comes from, and is handed on to. */
export interface ImportQueue {
  /** @param delaySeconds from 0 to 900 */
  send(body: string, delaySeconds: number): Promise<void>
}

/** What is known of the invocation that a task is carried out in. */
export interface Invocation {
  /** Of the message that brought the work; undefined where it came without one. */
  readonly messageId: string | undefined
  /** How often the message was delivered, this time included. */
  readonly deliveries: number
  /** Raised when it is time to stop: its reason is TimeIsUp, or Interrupted. */
  readonly ending: AbortSignal
}
