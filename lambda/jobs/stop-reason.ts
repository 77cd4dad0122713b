import { CancelledError, InterruptedError, OutageError, OutOfTime, PausedError } from '../errors.ts'
import type { Absence } from '../ports.ts'
import { VanishedFile } from '../read/lines.ts'
import { LeaseLost } from '../settle/lease.ts'

/** Why a run stops before its work is done. */
export type StopReason =
  /** The time of the invocation runs out. */
  | { readonly kind: 'out-of-time' }
  /** The process is asked to stop (Ctrl-C in local mode). */
  | { readonly kind: 'interrupted' }
  /** The endpoint is down. */
  | { readonly kind: 'outage'; readonly detail: string }
  /** A person has paused all imports. */
  | { readonly kind: 'paused'; readonly since: string }
  /** A person has cancelled the import of this file. */
  | { readonly kind: 'cancelled'; readonly at: string }
  /** Another run has taken over the lease. */
  | { readonly kind: 'lease-lost' }
  /** The object can no longer be read. */
  | { readonly kind: 'vanished'; readonly state: Absence }
  /** A bug, an error of S3 or SQS, or something that only a person can fix. The caller throws the error on. */
  | { readonly kind: 'failed' }

/** Streams and promises stop with an Error. This is the only place that translates it into a value. */
export function stopReasonOf(error: unknown): StopReason {
  if (error instanceof OutOfTime) return { kind: 'out-of-time' }
  if (error instanceof InterruptedError) return { kind: 'interrupted' }
  if (error instanceof OutageError) return { kind: 'outage', detail: error.message }
  if (error instanceof PausedError) return { kind: 'paused', since: error.since }
  if (error instanceof CancelledError) return { kind: 'cancelled', at: error.at }
  if (error instanceof LeaseLost) return { kind: 'lease-lost' }
  if (error instanceof VanishedFile) return { kind: 'vanished', state: error.state }
  return { kind: 'failed' }
}
