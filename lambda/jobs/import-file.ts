import { orderFor } from '../control/brake.ts'
import type { Task } from '../intake/task.ts'
import { isOwnKey, reportKey } from '../keys.ts'
import type { Invocation, Ports } from '../ports.ts'
import { isFinished } from '../report/report.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import { requestMissingAnswer } from './answer-request.ts'
import { readBrake } from './brake.ts'
import { countClosedBefore } from './close-lines.ts'
import { importPart, splitIntoSegments } from './import-split.ts'
import { readingRules, rulesOfImport, type ReadRules } from './import-rules.ts'
import { importWhole } from './import-whole.ts'
import type { Known } from './known.ts'
import { isReadFromStart } from './open-segment.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import type { StartOrders } from './run-segment.ts'
import { reportSafety } from './safety-report.ts'
import { findSafety, isAllowed } from './safety.ts'
import { queueAfterDecision } from './segment-survey.ts'
import { isReplayOf } from './segment-lease.ts'
import { readPlan } from './segments.ts'
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
  if (task.segment !== undefined) return importPart(task, task.segment, known, ports, invocation)
  // Of a file that is being split, invocations may have sent lines that only its complete plan shows.
  if (order !== undefined && plan === undefined) return importWhole(task, known, ports, invocation)
  // A file that was split stays split, even if it is gone by now or the segment size was raised: its segments have checkpoints.
  if (plan !== undefined || (await needsSplit(task, readRules, ports))) return splitIntoSegments(task, known, ports, invocation)
  return importWhole(task, known, ports, invocation)
}

/** A file that was rejected before it was split may be read in another way, by the rules that were added for its replay. */
function usedPlan(plan: SplitPlan | undefined, task: Task): SplitPlan | undefined {
  return plan?.segments.length === 0 && isReplayOf(plan.failure, task) ? undefined : plan
}

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
