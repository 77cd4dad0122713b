import type { Segment, Task } from '../intake/task.ts'
import type { Invocation, Ports } from '../ports.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import { isCancelled, mergeReports, resumeAndMerge, resumeWaiting } from './finish.ts'
import { importSegment } from './import-segment.ts'
import type { Known } from './known.ts'
import { MergedProgress } from './merged-progress.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import { checkSegment, decide, type SegmentCheck } from './segment-survey.ts'
import { splitFile } from './split-file.ts'
import { absenceOf, groupedBy, whenStopped } from './when-stopped.ts'
import { whenUnfinished } from './when-unfinished.ts'

/** Splits a large file, and queues each of its segments as a task; or queues those again whose messages may be lost. @throws as importFile does */
export async function splitIntoSegments(
  task: Task,
  { found, plan, needsCheck, orders, readRules }: Known,
  ports: Ports,
  invocation: Invocation,
): Promise<JobOutcome> {
  const outcome = await splitFile(task, ports, invocation, readRules)
  if (outcome.kind !== 'done') return whenUnfinished(outcome, task, invocation, ports)
  const check = needsCheck ? await decide(task, ports) : undefined
  if (check?.kind === 'stopped') return whenStopped(check, task, found, ports)
  // The message that a cancellation has queued was left to this run if it was splitting the file. Segments that are not surveyed then end
  // without a survey, so nobody decides about the file, and those that wait for it would wait forever.
  if (orders.cancelledAt !== undefined || (check?.kind === 'waiting' && (await isCancelled(task.file, ports)))) {
    await resumeWaiting(task, ports)
    return DONE
  }
  // If a search found the file, the messages of segments that an earlier run has queued may be lost as well.
  const mayBeLost = !outcome.isNew || (plan !== undefined && task.foundBySearch === true)
  await (mayBeLost ? resumeAndMerge(task, ports) : mergeReports(task.file, ports))
  return DONE
}

/** Imports a segment of a split file. The run that finishes the last one writes the final report. @throws as importFile does */
export async function importPart(
  task: Task,
  segment: Segment,
  { found, plan, needsCheck, grouped, orders, readRules }: Known,
  ports: Ports,
  invocation: Invocation,
): Promise<JobOutcome> {
  const check: SegmentCheck = needsCheck
    ? await checkSegment(task, segment, plan, ports, invocation)
    : { kind: 'allowed', grouped }
  if (check.kind === 'waiting') return DONE
  if (check.kind !== 'allowed' && check.kind !== 'absent') return whenStopped(check, task, found, ports)
  const merged = new MergedProgress(task.file, ports)
  const onProgress = (checkpoint: Checkpoint): void => {
    merged.update(checkpoint)
  }
  const outcome = await importSegment({
    task,
    ports,
    invocation,
    readRules,
    ...orders,
    grouped: groupedBy(check),
    onProgress,
    absence: absenceOf(check),
  }).finally(() => merged.idle())
  if (outcome.kind === 'paused') await mergeReports(task.file, ports).catch(() => undefined)
  if (outcome.kind !== 'done') return whenUnfinished(outcome, task, invocation, ports)
  await mergeReports(task.file, ports)
  return DONE
}
