import type { Absence } from '../ports.ts'
import { doneLines, type Checkpoint } from '../settle/checkpoint.ts'
import type { Lease } from '../settle/lease.ts'
import { openSegment } from './open-segment.ts'
import type { SegmentOutcome } from './outcome.ts'
import { failUnreadable } from './reject-file.ts'
import { runSegment, type SegmentImport } from './run-segment.ts'
import { acquireSegment, stillAsked } from './segment-lease.ts'
import { stopReasonOf } from './stop-reason.ts'

/**
 * At this delivery a message whose work has advanced is replaced by a new message. SQS counts the deliveries of a message,
 * and that count is there to end work that does not advance.
 */
const RENEW_AT_DELIVERY = 3

/**
 * Imports a segment, or a file that is one segment: from its checkpoint to its end, or as far as the time of this invocation allows.
 *
 * @throws SetupError, AccountingError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function importSegment(work: SegmentImport): Promise<SegmentOutcome> {
  const acquired = await acquireSegment(work.task, work.ports, work.invocation, work)
  if (acquired.kind === 'done') return { kind: 'done', checkpoint: acquired.state }
  if (acquired.kind !== 'acquired') return acquired
  try {
    if (!(await stillAsked(acquired.lease, work.invocation))) return { kind: 'message-lost' }
    return await importLeased(acquired.lease, work)
  } catch (error) {
    const reason = stopReasonOf(error)
    if (reason.kind === 'lease-lost') return reason
    throw error
  }
}

async function importLeased(lease: Lease<Checkpoint>, work: SegmentImport): Promise<SegmentOutcome> {
  const { task, invocation, cancelledAt } = work
  if (cancelledAt !== undefined) {
    const checkpoint = { ...lease.state, isDone: true, failure: { kind: 'cancelled', at: cancelledAt } as const }
    await lease.release(checkpoint)
    return { kind: 'done', checkpoint }
  }
  const reached = doneLines(lease.state)
  if (invocation.deliveries >= RENEW_AT_DELIVERY && reached > task.reached) {
    await lease.release(lease.state)
    return { kind: 'deliveries-used', began: task.reached, reached }
  }
  const segment = work.absence === undefined ? await openOrRelease(lease, work) : ({ kind: work.absence } as const)
  return segment.kind === 'open' ? runSegment(segment, lease, work) : endUnread(segment.kind, lease, work)
}

async function openOrRelease(lease: Lease<Checkpoint>, { task, ports }: SegmentImport): ReturnType<typeof openSegment> {
  try {
    return await openSegment(task, lease.state, ports)
  } catch (error) {
    await lease.release(lease.state).catch(() => undefined) // nothing was sent, so the next run need not wait for the lease to end
    throw error
  }
}

async function endUnread(why: Absence, lease: Lease<Checkpoint>, { task, ports }: SegmentImport): Promise<SegmentOutcome> {
  const failure = await failUnreadable(why, task, ports)
  // Lines that have not ended will never be read again, so the report must not count them.
  const checkpoint = { ...lease.state, newest: doneLines(lease.state), isDone: true, failure }
  await lease.release(checkpoint)
  return { kind: 'done', checkpoint }
}
