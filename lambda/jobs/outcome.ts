import type { Checkpoint } from '../settle/checkpoint.ts'

/** The import of a segment, or the splitting of a file, ended for now; the rest of the work remains. */
export type Unfinished =
  /** The time of the invocation ran out. The lines from `began` to `reached` are done. `isLimited`: it may have waited for a share of the limit. */
  | { readonly kind: 'out-of-time'; readonly began: number; readonly reached: number; readonly isLimited?: true }
  /** SQS has delivered the message several times and the work has advanced: it needs a new message. */
  | { readonly kind: 'deliveries-used'; readonly began: number; readonly reached: number }
  /** The endpoint is down. The lines up to `reached` are done. */
  | { readonly kind: 'outage'; readonly detail: string; readonly reached: number }
  /** A person has paused all imports. `checkpoint` is the last one of the run. */
  | { readonly kind: 'paused'; readonly since: string; readonly checkpoint: Checkpoint }
  /** Another run holds the lease for at most `ms` more, unless it renews it. */
  | { readonly kind: 'busy'; readonly ms: number; readonly messageId: string | undefined }
  /** Another message, which waits after an outage, asks for the work: this one is a copy. Nothing was done. */
  | { readonly kind: 'waiting' }
  /** Another run has taken over the lease: this run must not report anything as done. */
  | { readonly kind: 'lease-lost' }
  /** The message was deleted, or is visible again: another message asks for the work. Nothing was done. */
  | { readonly kind: 'message-lost' }
  /** The process was asked to stop. */
  | { readonly kind: 'interrupted' }

/** The result of importing a segment. `done` carries the last checkpoint, even if an earlier run wrote it. */
export type SegmentOutcome = { readonly kind: 'done'; readonly checkpoint: Checkpoint } | Unfinished

/** The result of splitting a file. `isNew` is false if an earlier run has split it. */
export type SplitOutcome = { readonly kind: 'done'; readonly isNew: boolean } | Unfinished

/** The result of a job, which decides what happens to its SQS message. If a job throws an error, the message stays in the queue. */
export type JobOutcome =
  /** The work is done: acknowledge the message. */
  | { readonly kind: 'done' }
  /** A new message asks for the rest of the work: acknowledge this one. */
  | { readonly kind: 'requeued' }
  /** Another invocation does the work, with its own message: acknowledge this one. */
  | { readonly kind: 'yielded' }
  /** Another run holds the lease with this same message, for `ms` more, or was killed: leave the message in the queue. */
  | { readonly kind: 'delivered-twice'; readonly ms: number }
  /** The endpoint is down: leave the message in the queue. */
  | { readonly kind: 'outage'; readonly detail: string }
  | { readonly kind: 'lease-lost' }
  | { readonly kind: 'message-lost' }
  | { readonly kind: 'interrupted' }

export const DONE = Object.freeze({ kind: 'done' } as const)
