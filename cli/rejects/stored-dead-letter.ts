import type { Content } from './content.ts'

/** A message of the dead-letter queue: still there, or moved to `archived/` in the bucket. */
export interface StoredDeadLetter {
  /** The SQS message id. */
  readonly id: string
  readonly sentAt: Date
  readonly body: string
  readonly content: Content
  readonly status: 'queued' | 'archived' | 'quarantined'
  /**
   * Whether commands include it without `--archived`: it is in the queue, or was archived because of its age.
   * False if a person archived it, or if it was quarantined.
   */
  readonly isIncludedByDefault: boolean
}
