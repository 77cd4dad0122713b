import { MAX_FURTHER_TRIES } from '../backoff.ts'
import type { Task } from '../intake/task.ts'
import { checkpointKey } from '../keys.ts'
import type { Invocation, Ports } from '../ports.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Checkpoint, type Failure } from '../settle/checkpoint.ts'
import { Lease, type LeaseResult } from '../settle/lease.ts'
import type { ReasonCode } from '../reasons.ts'
import type { Watermark } from '../settle/ledger.ts'
import type { ReadRules } from './import-rules.ts'
import { isLeftToAnother } from './wait.ts'

/** A lease lasts for this many checkpoint intervals. A run that has not written a checkpoint for this long is taken over. */
export const LEASE_CHECKPOINTS = 3

export function leaseMs({ limits }: Ports): number {
  return limits.checkpointMs * LEASE_CHECKPOINTS
}

/** How many lines, for each request in flight, may be open, or have ended since the last checkpoint. */
const UNSAVED_PER_REQUEST = 48

/** How many lines may be open, or have ended since the last checkpoint. */
export function maxUnsaved({ limits }: Ports): number {
  return limits.maxInFlight * UNSAVED_PER_REQUEST
}

/** How many requests a run that is killed can have sent that its last checkpoint does not show. */
export function maxRepeats({ limits }: Ports): number {
  return limits.maxInFlight * (UNSAVED_PER_REQUEST + MAX_FURTHER_TRIES)
}

export interface SegmentBegin {
  /** Called if the import begins. */
  readonly readRules: ReadRules
  /** Whether there was no checkpoint a moment ago. */
  readonly isFirst?: boolean
  /** Lines that are rejected for one of these reasons share a dead letter. Absent if no decision about the file is known. */
  readonly grouped?: readonly ReasonCode[] | undefined
}

/** Takes the lease of a segment, and reads the checkpoint of the run before. */
export function acquireSegment(
  task: Task,
  ports: Ports,
  { messageId }: Invocation,
  { readRules, isFirst = false, grouped }: SegmentBegin,
): Promise<LeaseResult<Checkpoint>> {
  const key = { bucket: task.file.bucket, key: checkpointKey(task.file, task.segment?.index ?? 1) }
  const run = ports.newRun()
  ports.events.about({ run, segment: task.segment?.index })
  return Lease.acquire<Checkpoint>(key, ports.checkpoints, ports.clock, {
    schema: CHECKPOINT_SCHEMA,
    run,
    messageId,
    leaseMs: leaseMs(ports),
    isFirst,
    // `km-import send` has no messages, so it has no copies of one.
    isWaiting: ({ wait }) => messageId !== undefined && isLeftToAnother(wait, task, ports.clock.now()),
    isDone: ({ isDone, failure }) => isDone && !isReplayOf(failure, task),
    begin: async (earlier, hasCrashed) =>
      beginCheckpoint(earlier, {
        start: startOf(task),
        startedAt: new Date(ports.clock.now()).toISOString(),
        hasCrashed,
        maxRepeats: maxRepeats(ports),
        ...((earlier === undefined || earlier.failure !== undefined) && { rules: await readRules() }),
        maxUnsaved: maxUnsaved(ports),
        grouped,
      }),
  })
}

/**
 * Whether the message of a run still exists, now that the run has the lease. Another run that meets the lease deletes its own message and
 * relies on this one. It is gone if the run was suspended before it took the lease, and others did the work meanwhile. If so, the lease is
 * released.
 *
 * @throws LeaseLost, or the error of S3
 */
export async function stillAsked<State extends object>(lease: Lease<State>, { holdsMessage }: Invocation): Promise<boolean> {
  if (await holdsMessage()) return true
  await lease.release(lease.state)
  return false
}

/** Whether a person has replayed the dead letter of the file since it was rejected: then it is imported again. */
export function isReplayOf(failure: Failure | undefined, { replays }: Task): boolean {
  return failure?.kind === 'failed' && replays > failure.replays
}

function startOf({ segment }: Task): Watermark {
  return segment === undefined ? { line: 0, byte: 0 } : { line: segment.firstLine - 1, byte: segment.byteStart }
}
