import { taskBody, type Segment, type Task } from '../intake/task.ts'
import type { FoundReport, Ports } from '../ports.ts'
import { STALE_MS } from '../report/report.ts'
import { doneLines } from '../settle/checkpoint.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import type { SegmentState } from './segments.ts'

/** Queues segments of which nothing is imported yet. @throws the error of SQS */
export async function queueSegments(
  { file, replays, since }: Task,
  segments: readonly Segment[],
  { importQueue }: Pick<Ports, 'importQueue'>,
): Promise<void> {
  for (const segment of segments) {
    const reached = segment.firstLine - 1
    const task = { file, segment, replays, reached, delays: 0, ...(since !== undefined && { since }) }
    await importQueue.send(taskBody(task), 0)
  }
}

/** Since when nothing has happened, if an import is stale. */
export function staleSince(
  { startedAt }: SplitPlan,
  found: Pick<FoundReport, 'writtenAt'> | undefined,
  { foundBySearch }: Task,
  now: number,
): Date | undefined {
  const news = new Date(Math.max(Date.parse(startedAt), found?.writtenAt.getTime() ?? 0))
  return foundBySearch === true || now - news.getTime() >= STALE_MS ? news : undefined
}

/**
 * Queues each segment again that is not done and that no run works on, because its message may be lost. If it is not, the second message
 * does no harm.
 *
 * @returns how many segments were queued
 * @throws the error of SQS
 */
export async function resumeSegments(
  { file, replays, since }: Task,
  states: readonly SegmentState[],
  { importQueue, clock }: Pick<Ports, 'importQueue' | 'clock'>,
): Promise<number> {
  const now = clock.now()
  const idle = states.filter(({ checkpoint }) => checkpoint?.isDone !== true && (checkpoint?.leaseHolder.until ?? 0) <= now)
  for (const { segment, checkpoint } of idle) {
    const reached = checkpoint === undefined ? segment.firstLine - 1 : doneLines(checkpoint)
    const task = { file, segment, replays, reached, delays: 0, ...(since !== undefined && { since }) }
    await importQueue.send(taskBody(task), 0)
  }
  return idle.length
}
