import { orderFor } from '../control/brake.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import { reportKey } from '../keys.ts'
import type { FoundReport, Ports } from '../ports.ts'
import { isFinished, type ImportState, type StaleImport } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import type { Failure } from '../settle/checkpoint.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import { requestAnswer } from './answer-request.ts'
import { readBrake } from './brake.ts'
import { cancelledLines, type CancelledPart } from './cancelled-lines.ts'
import { closeReplaced, recordUndelivered } from './close-replay.ts'
import { countClosedBefore } from './close-lines.ts'
import { recordRules } from './import-rules.ts'
import { learnFrom, whileLearning } from './profiles.ts'
import { storeReceipt, type FinishedPart } from './receipt.ts'
import { resumeSegments, staleSince } from './resume-segments.ts'
import { findSafety, isAllowed } from './safety.ts'
import { storeGroups } from './store-groups.ts'
import { readPlan, readSegments, sumSegments, type SegmentState } from './segments.ts'

/**
 * Writes the final report of a file, and logs how its import ended. If it is a file of fixed lines, those that were delivered are closed first:
 * once the report is final, the message of the file does nothing more.
 *
 * @param parts of the file, with their checkpoints
 */
export async function finishFile(
  importState: ImportState,
  failure: Failure | undefined,
  parts: readonly FinishedPart[],
  writer: ReportWriter,
  ports: Ports,
): Promise<void> {
  await storeGroups(importState, ports)
  await recordUndelivered(importState, ports, failure?.kind === 'cancelled' ? cancelledLines(parts).settled : undefined)
  // A file that was rejected can be replayed with other rules.
  if (failure?.kind !== 'failed') await recordRules(importState, ports)
  if (failure === undefined) await closeReplaced(importState, ports)
  const storing = failure === undefined ? storeReceipt(importState, parts, ports) : undefined
  await writeFinal(importState, failure, parts, writer, ports).finally(() => storing)
  const { rejected, undeliverable } = importState.counts.lines
  if (rejected + undeliverable > 0) await countClosedBefore(importState.file, ports)
  await requestAnswer(importState.file, ports)
}

async function writeFinal(
  importState: ImportState,
  failure: Failure | undefined,
  parts: readonly CancelledPart[],
  writer: ReportWriter,
  { events }: Ports,
): Promise<void> {
  const { key } = importState.file
  switch (failure?.kind) {
    case 'missing':
      await writer.missing(importState, failure.state)
      events.missing(key, failure.state)
      return
    case 'failed':
      await writer.finish(importState, failure.rejection)
      events.fileRejected(key, failure.rejection.reason, failure.rejection.detail)
      return
    case 'cancelled': {
      const { lines: counts } = await writer.cancel(importState, failure.at, cancelledLines(parts))
      events.cancelled(key, counts)
      return
    }
    case undefined: {
      const { state, lines } = await writer.finish(importState)
      events.finished(key, state, lines)
    }
  }
}

/**
 * Merges the checkpoints of all segments into the report: the final report if every segment is done, or a progress report.
 *
 * Each invocation that finishes a segment does this, so none has to wait for the others. S3 is strongly consistent, so the last
 * of them sees that all segments are done.
 */
export async function mergeReports(file: SourceFile, ports: Ports): Promise<void> {
  await merge(file, ports, () => Promise.resolve(undefined))
}

/** The same for a file that was split by an earlier run. If nothing has happened since, its unfinished segments are queued again first. */
export async function resumeAndMerge(task: Task, ports: Ports): Promise<void> {
  if (task.released === true) return resumeWaiting(task, ports)
  await merge(task.file, ports, async (found, plan, states) => {
    const since = staleSince(plan, found, task, ports.clock.now())
    if (since === undefined) return undefined
    const segments = await resumeSegments(task, states, ports)
    if (segments === 0) return undefined
    ports.events.segmentsRequeued(task.file.key, segments)
    return { since: since.toISOString(), segments }
  })
}

/** The same for a file that was decided about while its segments waited for that: they are queued again, however short they have waited. */
export async function resumeWaiting(task: Task, ports: Ports): Promise<void> {
  await merge(task.file, ports, async (_found, _plan, states) => {
    await resumeSegments(task, states, ports)
    return undefined
  })
}

/** @param resume continues a stale import */
async function merge(
  file: SourceFile,
  ports: Ports,
  resume: (found: FoundReport | undefined, plan: SplitPlan, states: readonly SegmentState[]) => Promise<StaleImport | undefined>,
): Promise<void> {
  const { reports, clock } = ports
  const found = await reports.find(file.bucket, reportKey(file)) // read first, so that an older merge cannot overwrite a newer one
  if (found !== undefined && isFinished(found.report)) return
  if (found?.report.state === 'held' && !(await isReleased(file, ports)) && !(await isCancelled(file, ports))) return
  const plan = await readPlan(file, ports)
  if (plan === undefined) return
  const states = await readSegments(file, plan, ports)
  const importState = sumSegments(file, plan, states)
  const writer = new ReportWriter(found, reports, clock)
  const failure = failureOf(plan, states)
  const isDone = plan.isComplete && states.every(({ checkpoint }) => checkpoint?.isDone === true)
  if (isDone || failure?.kind === 'missing') {
    const parts = states.map(({ segment: { firstLine, lines }, checkpoint }) => ({
      firstLine,
      lastLine: firstLine + lines - 1,
      checkpoint,
    }))
    await whileLearning(failure === undefined ? learnFrom(importState, undefined, ports) : undefined, () =>
      finishFile(importState, failure, parts, writer, ports),
    )
    return
  }
  const stale = await resume(found, plan, states)
  await writer.write({ ...importState, ...(stale !== undefined && { stale }) })
}

/** Why a split file ended before its lines did. Its lines that were sent are listed if any of its segments was cancelled. */
function failureOf({ failure }: SplitPlan, states: readonly SegmentState[]): Failure | undefined {
  const failures = [failure, ...states.map(({ checkpoint }) => checkpoint?.failure)].filter((each) => each !== undefined)
  return failures.find(({ kind }) => kind === 'cancelled') ?? failures[0]
}

/** The release of a file may be stored before its report says so. */
async function isReleased(file: SourceFile, ports: Ports): Promise<boolean> {
  const found = await findSafety(file, ports)
  return found !== undefined && isAllowed(found.safety)
}

/** A file can be cancelled while it is held, or while its segments wait for a decision: then they end without a line. */
export async function isCancelled(file: SourceFile, ports: Ports): Promise<boolean> {
  return orderFor(await readBrake(ports), file)?.kind === 'cancelled'
}
