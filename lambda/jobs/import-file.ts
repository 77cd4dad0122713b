import { orderFor } from '../control/brake.ts'
import type { Task } from '../intake/task.ts'
import { isOwnKey, reportKey } from '../keys.ts'
import type { FoundReport, Invocation, Ports } from '../ports.ts'
import { isFinished, type ImportState } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import { readBrake } from './brake.ts'
import { countClosedBefore } from './close-lines.ts'
import { finishFile, mergeReports, resumeAndMerge } from './finish.ts'
import { importSegment } from './import-segment.ts'
import { MergedProgress } from './merged-progress.ts'
import { isReadFromStart } from './open-segment.ts'
import { DONE, type JobOutcome, type SegmentOutcome } from './outcome.ts'
import type { StartOrders } from './run-segment.ts'
import { readPlan } from './segments.ts'
import { splitFile } from './split-file.ts'
import { whenUnfinished } from './when-unfinished.ts'
import { waitWhilePaused } from './while-paused.ts'

/**
 * Imports a file, or a segment of one. Every line ends delivered, dead-lettered or blank, and the report says so.
 *
 * @throws SetupError, AccountingError, NoProgressError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function importFile(task: Task, ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  const { file } = task
  // In another bucket, the same prefixes are not those of the importer.
  if (isOwnKey(file.key) && file.bucket === ports.bucket) {
    ports.events.ignored('written by the importer itself')
    return DONE
  }
  const readingPlan = readPlan(file, ports)
  const readingBrake = readBrake(ports)
  const [found] = await Promise.all([
    ports.reports.find(file.bucket, reportKey(file)),
    // Of no interest if the file is already imported.
    readingPlan.catch(() => undefined),
    readingBrake.catch(() => undefined),
  ])
  if (found !== undefined && isFinished(found.report)) {
    if ((found.report.rejects?.open ?? 0) > 0) await countClosedBefore(file, ports) // the run that wrote the report may have been killed before it did this
    ports.events.alreadyImported(file.key)
    return DONE
  }
  const plan = await readingPlan
  const brake = await readingBrake
  const order = orderFor(brake, file)
  if (order?.kind === 'paused') return waitWhilePaused(task, order.since, ports)
  const orders: StartOrders = { cancelledAt: order?.at, linesPerSecond: brake.limit?.linesPerSecond }
  if (task.segment !== undefined) return importSegmentOfFile(task, orders, ports, invocation)
  // Of a file that is being split, invocations may have sent lines that only its complete plan shows.
  if (order !== undefined && plan === undefined) return importWhole(task, found, orders, ports, invocation)
  // A file that was split stays split, even if it is gone by now or the segment size was raised: its segments have checkpoints.
  if (plan !== undefined || (await needsSplit(task, ports))) return splitIntoSegments(task, plan !== undefined, ports, invocation)
  return importWhole(task, found, orders, ports, invocation)
}

/** Whether the file is usually done before anybody could read a report that says that it has started. */
function isShort({ file }: Task): boolean {
  return file.bytes !== undefined && file.bytes <= SHORT_FILE_BYTES
}

const SHORT_FILE_BYTES = 65_536

/** Whether the file is large. A file that can only be read from its start is one segment whatever its size. */
async function needsSplit({ file }: Task, { files, limits }: Ports): Promise<boolean> {
  if (file.bytes !== undefined && file.bytes <= limits.segmentBytes) return false
  const opened = await files.open(file, { start: 0, end: 1 })
  if (opened.kind !== 'open') return false
  opened.body.destroy()
  return opened.bytes > limits.segmentBytes && !(await isReadFromStart(file, files))
}

async function importWhole(
  task: Task,
  found: FoundReport | undefined,
  orders: StartOrders,
  ports: Ports,
  invocation: Invocation,
): Promise<JobOutcome> {
  const writer = new ReportWriter(found, ports.reports, ports.clock)
  let reportLast: (() => void) | undefined
  const onProgress = (checkpoint: Checkpoint): void => {
    const isFirst = reportLast === undefined
    reportLast = () => {
      writer.progress(() => importStateOf(task, checkpoint))
    }
    if (!isFirst || !isShort(task)) reportLast()
  }
  let outcome: SegmentOutcome | undefined
  try {
    outcome = await importSegment({ task, ports, invocation, ...orders, onProgress })
  } finally {
    if (outcome?.kind !== 'done') reportLast?.()
    await writer.idle()
  }
  // Nothing depends on it, but a report that says for hours that the import is paused should be exact.
  if (outcome.kind === 'paused') await writer.write(importStateOf(task, outcome.checkpoint)).catch(() => undefined)
  if (outcome.kind !== 'done') return whenUnfinished(outcome, task, invocation, ports)
  const { checkpoint } = outcome
  const parts = [{ firstLine: 1, lastLine: Infinity, checkpoint }]
  await finishFile(importStateOf(task, checkpoint), checkpoint.failure, parts, writer, ports)
  return DONE
}

async function importSegmentOfFile(task: Task, orders: StartOrders, ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  const merged = new MergedProgress(task.file, ports)
  const onProgress = (checkpoint: Checkpoint): void => {
    merged.update(checkpoint)
  }
  const outcome = await importSegment({ task, ports, invocation, ...orders, onProgress }).finally(() => merged.idle())
  if (outcome.kind === 'paused') await mergeReports(task.file, ports).catch(() => undefined)
  if (outcome.kind !== 'done') return whenUnfinished(outcome, task, invocation, ports)
  await mergeReports(task.file, ports)
  return DONE
}

async function splitIntoSegments(task: Task, wasBegun: boolean, ports: Ports, invocation: Invocation): Promise<JobOutcome> {
  const outcome = await splitFile(task, ports, invocation)
  if (outcome.kind !== 'done') return whenUnfinished(outcome, task, invocation, ports)
  // If a search found the file, the messages of segments that an earlier run has queued may be lost as well.
  const mayBeLost = !outcome.isNew || (wasBegun && task.foundBySearch === true)
  await (mayBeLost ? resumeAndMerge(task, ports) : mergeReports(task.file, ports))
  return DONE
}

function importStateOf({ file }: Task, checkpoint: Checkpoint): ImportState {
  const { bytes, counts, newest, startedAt, invocations, repeatsPossible, repeatedTries, undelivered, replay } = checkpoint
  return {
    file,
    bytes,
    counts,
    linesRead: newest,
    startedAt,
    invocations,
    repeatsPossible,
    repeatedTries,
    ...(undelivered !== undefined && { undelivered }),
    ...(replay !== undefined && { replay }),
  }
}
