import { asError } from '../errors.ts'
import type { Task } from '../intake/task.ts'
import type { Absence, Invocation, Ports } from '../ports.ts'
import type { DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import { doneLines, type Checkpoint } from '../settle/checkpoint.ts'
import { Checkpointer } from '../settle/checkpointer.ts'
import type { Lease } from '../settle/lease.ts'
import { Ledger } from '../settle/ledger.ts'
import { originOf } from '../settle/replay-origins.ts'
import { BrakeWatch } from './brake.ts'
import { checkCounts } from './check-counts.ts'
import { onAbort } from './on-abort.ts'
import { lineRulesFor } from './line-rules.ts'
import type { OpenSegment } from './open-segment.ts'
import type { SegmentOutcome } from './outcome.ts'
import { runPipeline } from './pipeline.ts'
import { ProgressMetrics } from './progress-metrics.ts'
import { RateLease } from './rate-lease.ts'
import { RangeHash } from './range-hash.ts'
import { rejectFile } from './reject-file.ts'
import { maxUnsaved, type SegmentBegin } from './segment-lease.ts'
import { Settlement } from './settlement.ts'
import { stopReasonOf } from './stop-reason.ts'

/** What people have ordered when an invocation begins. Later changes are noticed while it runs. */
export interface StartOrders {
  /** When the import was cancelled, ISO 8601: then its last checkpoint is written, and no line is sent. */
  readonly cancelledAt?: string | undefined
  /** How many lines a second all invocations together may send; undefined for no limit. */
  readonly linesPerSecond?: number | undefined
  /** When they were read, in milliseconds since 1970. */
  readonly readAt: number
}

export interface SegmentImport extends StartOrders, SegmentBegin {
  readonly task: Task
  readonly ports: Ports
  readonly invocation: Invocation
  /** Why the object cannot be read, if that is known: then it is not opened again. */
  readonly absence?: Absence | undefined
  /** Called with each checkpoint, the first one included. */
  readonly onProgress: (checkpoint: Checkpoint) => void
}

/**
 * Runs the lines of an open segment through the pipeline until they are all settled, or the run has to stop. In both cases it writes its
 * last checkpoint and releases the lease before it returns.
 *
 * @throws LeaseLost, SetupError, AccountingError, or the error of S3 or SQS
 */
export async function runSegment(
  { opened, start, origins }: OpenSegment,
  lease: Lease<Checkpoint>,
  { task, ports, invocation, linesPerSecond, readAt, onProgress }: SegmentImport,
): Promise<SegmentOutcome> {
  const { limits, clock, events } = ports
  const { replay } = opened
  const first = { ...lease.state, bytes: opened.bytes, ...(replay !== undefined && { replay }) }
  const firstLine = first.watermark.line
  const ledger = new Ledger(first, maxUnsaved(ports))
  const { rules } = first
  const origin: DeadLetterOrigin = {
    file: task.file,
    replays: task.replays,
    lastModified: opened.lastModified,
    rules,
    originOf: origins && ((line) => originOf(origins, line)),
  }
  const settlement = new Settlement(origin, ports, ledger, first.grouped)
  const hash = new RangeHash()
  const metrics = new ProgressMetrics(task, first, ports)
  const stopping = new AbortController()
  const stop = (error: Error): void => {
    stopping.abort(error)
    settlement.stop(error)
    opened.body.destroy(error)
  }
  const checkpointer = new Checkpointer(lease, first, ledger, clock, settlement.backPressure, {
    everyMs: limits.checkpointMs,
    maxUnsaved: maxUnsaved(ports),
    onLost: stop,
    onSaved: (checkpoint) => {
      onProgress(checkpoint)
      metrics.report(checkpoint)
    },
  })
  const end = async (ending?: Partial<Checkpoint>): Promise<Checkpoint> => {
    const last = await checkpointer.end(ending)
    metrics.report(last)
    return last
  }
  opened.body.on('error', () => undefined) // it may be destroyed before the pipeline listens
  events.started(task.file.key, opened.bytes, first.invocations, firstLine + 1)
  using _ending = onAbort(invocation.ending, stop)
  await using rate = new RateLease(ports, settlement.requests)
  using brake = new BrakeWatch(ports, {
    file: task.file,
    onLook: ({ limit }) => rate.renew(limit?.linesPerSecond),
    onStop: stop,
  })
  onProgress(first)
  try {
    await rate.renew(linesPerSecond)
    await brake.begin(readAt)
    stopping.signal.throwIfAborted()
    const { lines, refusal } = await runPipeline(opened, start, {
      maxLineBytes: limits.maxLineBytes,
      rules: lineRulesFor(opened.lastModified, rules),
      apiKey: await ports.apiKey(),
      settlement,
      importRules: rules,
      onBytes: hash.add,
      isAdmitted: task.segment !== undefined || doneLines(first) > 0,
    })
    // A body that was destroyed here looks like one that ended early.
    stopping.signal.throwIfAborted()
    await settlement.finish()
    checkCounts({ began: firstLine, lines, counts: ledger.progress().counts }, task)
    const failure = refusal && (await rejectFile(origin, refusal, ports))
    if (failure !== undefined) return { kind: 'done', checkpoint: await end({ isDone: true, failure }) }
    const sha256 = await hash.end(task, opened, start, ports, invocation)
    return { kind: 'done', checkpoint: await end({ isDone: true, ...(sha256 !== undefined && { sha256 }) }) }
  } catch (error) {
    const cause: unknown = stopping.signal.aborted ? stopping.signal.reason : error
    await settlement.shutDown(asError(cause))
    return await endEarly(cause, { began: doneLines(first), isLimited: rate.isLimited }, end)
  } finally {
    opened.body.destroy()
  }
}

/** Writes the last checkpoint of a run that does not reach the end of its segment. @throws `cause` if it is not a reason to stop */
async function endEarly(
  cause: unknown,
  { began, isLimited }: { readonly began: number; readonly isLimited: boolean },
  end: (ending?: Partial<Checkpoint>) => Promise<Checkpoint>,
): Promise<SegmentOutcome> {
  const reason = stopReasonOf(cause)
  if (reason.kind === 'vanished' && reason.state !== 'locked') {
    const failure = { kind: 'missing', state: reason.state } as const
    return { kind: 'done', checkpoint: await end({ isDone: true, failure }) }
  }
  if (reason.kind === 'cancelled') {
    const failure = { kind: 'cancelled', at: reason.at } as const
    return { kind: 'done', checkpoint: await end({ isDone: true, failure }) }
  }
  const checkpoint = await end()
  const reached = doneLines(checkpoint)
  switch (reason.kind) {
    case 'out-of-time':
      return { ...reason, began, reached, ...(isLimited && { isLimited: true }) }
    case 'outage':
      return { ...reason, reached }
    case 'paused':
      return { ...reason, checkpoint }
    case 'interrupted':
    case 'lease-lost':
      return reason
    case 'vanished': // moved to an archive storage class: the next run finds it there when it opens the file, and rejects it
    case 'failed':
      throw asError(cause)
  }
}
