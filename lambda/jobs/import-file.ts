import { orderFor } from '../control/brake.ts'
import { taskBody, type Segment, type Task } from '../intake/task.ts'
import { isOwnKey, reportKey } from '../keys.ts'
import type { Absence, FoundReport, Invocation, Ports } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import { isFinished, type ImportState } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import { requestMissingAnswer } from './answer-request.ts'
import { readBrake } from './brake.ts'
import { countClosedBefore } from './close-lines.ts'
import { finishFile, isCancelled, mergeReports, resumeAndMerge, resumeWaiting } from './finish.ts'
import { readingRules, rulesOfImport, type ReadRules } from './import-rules.ts'
import { importSegment } from './import-segment.ts'
import { MergedProgress } from './merged-progress.ts'
import { isReadFromStart } from './open-segment.ts'
import { DONE, type JobOutcome, type SegmentOutcome } from './outcome.ts'
import { keepSurvey, learnFrom, whileLearning } from './profiles.ts'
import type { StartOrders } from './run-segment.ts'
import { checkFile, type SafetyCheck } from './safety-check.ts'
import { reportSafety } from './safety-report.ts'
import { findSafety, isAllowed } from './safety.ts'
import { checkSegment, decide, queueAfterDecision, type SegmentCheck } from './segment-survey.ts'
import { isReplayOf } from './segment-lease.ts'
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
  const readRules = task.segment === undefined ? readingRules(file, ports) : async () => (await readingPlan)?.rules ?? []
  const readingSafety = findSafety(file, ports)
  const readAt = ports.clock.now()
  const readingBrake = readBrake(ports)
  const [found] = await Promise.all([
    ports.reports.find(file.bucket, reportKey(file)),
    Promise.allSettled([readingPlan, readingSafety, readingBrake]), // of no interest if the file is already imported
  ])
  if (found !== undefined && isFinished(found.report)) {
    if ((found.report.rejects?.open ?? 0) > 0) await countClosedBefore(file, ports) // the run that wrote the report may have been killed before it did this
    await requestMissingAnswer(found.report, ports)
    ports.events.alreadyImported(file.key)
    return DONE
  }
  const plan = usedPlan(await readingPlan, task)
  const safety = (await readingSafety)?.safety
  if (plan !== undefined && safety !== undefined) await queueAfterDecision(task, plan, safety, ports)
  const brake = await readingBrake
  const order = orderFor(brake, file)
  if (order?.kind === 'paused') return waitWhilePaused(task, order.since, invocation, ports)
  if (order === undefined && safety !== undefined && !isAllowed(safety)) {
    await reportSafety(file, safety, found, ports)
    return DONE
  }
  const orders: StartOrders = { cancelledAt: order?.at, linesPerSecond: brake.limit?.linesPerSecond, readAt }
  const needsCheck = order === undefined && safety === undefined
  const known: Known = { found, plan, needsCheck, grouped: safety?.grouped, orders, readRules }
  if (task.segment !== undefined) return importSegmentOfFile(task, task.segment, known, ports, invocation)
  // Of a file that is being split, invocations may have sent lines that only its complete plan shows.
  if (order !== undefined && plan === undefined) return importWhole(task, known, ports, invocation)
  // A file that was split stays split, even if it is gone by now or the segment size was raised: its segments have checkpoints.
  if (plan !== undefined || (await needsSplit(task, readRules, ports))) return splitIntoSegments(task, known, ports, invocation)
  return importWhole(task, known, ports, invocation)
}

/** What was stored about the file when the run began. */
interface Known {
  readonly found: FoundReport | undefined
  readonly plan: SplitPlan | undefined
  readonly readRules: ReadRules
  /** Whether it is still to be decided if the file may be imported. */
  readonly needsCheck: boolean
  /** Lines that are rejected for one of these reasons share a dead letter. */
  readonly grouped: readonly ReasonCode[] | undefined
  readonly orders: StartOrders
}

/** A file that was rejected before it was split may be read in another way, by the rules that were added for its replay. */
function usedPlan(plan: SplitPlan | undefined, task: Task): SplitPlan | undefined {
  return plan?.segments.length === 0 && isReplayOf(plan.failure, task) ? undefined : plan
}

/** Whether the file is usually done before anybody could read a report that says that it has started. */
function isShort({ file }: Task): boolean {
  return file.bytes !== undefined && file.bytes <= SHORT_FILE_BYTES
}

const SHORT_FILE_BYTES = 65_536

/** Whether the file is large. A file that can only be read from its start is one segment whatever its size. */
async function needsSplit({ file }: Task, readRules: ReadRules, ports: Ports): Promise<boolean> {
  const { files, limits } = ports
  if (file.bytes !== undefined && file.bytes <= limits.segmentBytes) return false
  const opened = await files.open(file, { start: 0, end: 1 })
  if (opened.kind !== 'open') return false
  opened.body.destroy()
  if (opened.bytes <= limits.segmentBytes) return false
  return !(await isReadFromStart(file, await rulesOfImport(file, readRules, ports), files))
}

async function importWhole(
  task: Task,
  { found, needsCheck, grouped, orders, readRules }: Known,
  ports: Ports,
  invocation: Invocation,
): Promise<JobOutcome> {
  const check: SafetyCheck = needsCheck ? await checkFile(task, ports, invocation, readRules) : { kind: 'allowed', grouped }
  if (check.kind !== 'allowed' && check.kind !== 'absent') return whenStopped(check, task, found, ports)
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
    const isFirst = check.kind === 'allowed' && check.isFirst === true
    outcome = await importSegment({
      task,
      ports,
      invocation,
      readRules,
      ...orders,
      isFirst,
      grouped: groupedBy(check),
      onProgress,
      absence: absenceOf(check),
    })
  } finally {
    if (outcome?.kind !== 'done') reportLast?.()
    await writer.idle()
  }
  const survey = check.kind === 'allowed' ? check.survey : undefined
  if (outcome.kind !== 'done') {
    // Nothing depends on it, but a report that says for hours that the import is paused should be exact.
    if (outcome.kind === 'paused') await writer.write(importStateOf(task, outcome.checkpoint)).catch(() => undefined)
    if (survey !== undefined) await keepSurvey(task.file, survey, ports)
    return whenUnfinished(outcome, task, invocation, ports)
  }
  const { checkpoint } = outcome
  const { failure } = checkpoint
  const importState = importStateOf(task, checkpoint)
  const parts = [{ firstLine: 1, lastLine: Infinity, checkpoint }]
  await whileLearning(failure === undefined ? learnFrom(importState, survey, ports) : undefined, () =>
    finishFile(importState, failure, parts, writer, ports),
  )
  return DONE
}

async function importSegmentOfFile(
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

async function splitIntoSegments(
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

/** What happens to a task whose file may not be imported, or not yet. */
async function whenStopped(
  check: Exclude<SafetyCheck, { readonly kind: 'allowed' | 'absent' }>,
  task: Task,
  found: FoundReport | undefined,
  ports: Ports,
): Promise<JobOutcome> {
  switch (check.kind) {
    case 'stopped':
      await reportSafety(task.file, check.safety, found, ports)
      return DONE
    case 'out-of-time':
      await ports.importQueue.send(taskBody({ ...task, surveys: (task.surveys ?? 0) + 1 }), 0)
      return { kind: 'requeued' }
    case 'interrupted':
      return check
  }
}

function absenceOf(check: SegmentCheck): Absence | undefined {
  return check.kind === 'absent' ? check.absence : undefined
}

function groupedBy(check: SegmentCheck): readonly ReasonCode[] | undefined {
  return check.kind === 'allowed' ? check.grouped : undefined
}

function importStateOf({ file }: Task, checkpoint: Checkpoint): ImportState {
  const {
    bytes,
    counts,
    newest,
    startedAt,
    invocations,
    repeatsPossible,
    repeatedTries,
    undelivered,
    groups,
    replay,
    rules = [],
  } = checkpoint
  return {
    file,
    bytes,
    counts,
    linesRead: newest,
    startedAt,
    invocations,
    repeatsPossible,
    repeatedTries,
    rules,
    ...(undelivered !== undefined && { undelivered }),
    ...(groups !== undefined && { groups }),
    ...(replay !== undefined && { replay }),
  }
}
