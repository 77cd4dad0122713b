import type { SourceFile } from '../intake/source-file.ts'
import type { Segment, Task } from '../intake/task.ts'
import { surveyKey } from '../keys.ts'
import type { Invocation, Ports } from '../ports.ts'
import type { SurveyPart } from '../survey/part.ts'
import { mergeParts } from '../survey/survey.ts'
import type { SplitPlan } from '../settle/split-plan.ts'
import { keepSurvey, readProfile, surveyOf } from './profiles.ts'
import { queueSegments } from './resume-segments.ts'
import { isOff, SAFETY_SCHEMA, storeSafety, type Safety } from './safety.ts'
import { checkOf, holdsIn, isHopeless, notSurveyed, safetyOf, surveyRange, type SafetyCheck } from './safety-check.ts'
import { readPlan, readSegments } from './segments.ts'
import { storeOnce } from './store-once.ts'

/** Surveys that are read at the same time: each can have a few megabytes. */
const MAX_READS = 8

/** Whether a segment may be imported. */
export type SegmentCheck =
  | SafetyCheck
  /** Other segments are not surveyed yet. The run that surveys the last one queues this segment again. */
  | { readonly kind: 'waiting' }

/**
 * Surveys a segment, and decides about its file if it is the last one. No segment is imported before all are surveyed.
 *
 * @param plan as it was when the run began
 * @throws the error of S3 or SQS
 */
export async function checkSegment(
  task: Task,
  segment: Segment,
  plan: SplitPlan | undefined,
  ports: Ports,
  { ending }: Pick<Invocation, 'ending'>,
): Promise<SegmentCheck> {
  const { file } = task
  if (plan?.isSurveyed !== true) return { kind: 'allowed' }
  if (!isOff(ports.limits.hold) && (await readPart(file, segment, ports)) === undefined) {
    const { firstLine, byteStart, byteEnd } = segment
    const surveyed = await surveyRange(file, { line: firstLine - 1, byte: byteStart }, plan.rules ?? [], ports, ending, byteEnd)
    switch (surveyed.kind) {
      case 'surveyed':
        await storeOnce(keyOf(file, segment), surveyed.survey, surveyOf, ports)
        break
      case 'out-of-time':
        return isHopeless(task) ? checkOf(await storeSafety(file, notSurveyed(file, ports), ports)) : surveyed
      case 'absent':
      case 'interrupted':
        return surveyed
    }
  }
  return decide(task, ports)
}

/**
 * Decides about a split file if all its segments are surveyed, and queues the segments again that have waited for that.
 *
 * @param task the file, or the segment that goes on in this run and needs no message
 * @throws the error of S3 or SQS
 */
export async function decide(task: Task, ports: Ports): Promise<SegmentCheck> {
  const { file } = task
  // Read again: it may have become complete since this run has begun. Either the splitter sees the last survey, or this run the whole plan.
  const plan = await readPlan(file, ports)
  if (plan?.isSurveyed !== true) return { kind: 'allowed' }
  if (!plan.isComplete || plan.failure !== undefined || plan.segments.length === 0) return { kind: 'waiting' }
  const decision = await decisionOn(file, plan, ports)
  if (decision === undefined) return { kind: 'waiting' }
  const stored = await storeSafety(file, { ...decision, decidedBy: indexOf(task) }, ports)
  await queueAfterDecision(task, plan, stored, ports)
  return checkOf(stored)
}

/**
 * Queues the segments that wait for the decision, if a run of this task has made it. The decision is stored first, so that run may have
 * ended in between.
 *
 * Only one task does so: while SQS stores messages and reports errors, segments that all queue each other would multiply.
 *
 * @throws the error of S3 or SQS
 */
export async function queueAfterDecision(
  task: Task,
  plan: SplitPlan,
  { decision, decidedBy }: Safety,
  ports: Ports,
): Promise<void> {
  if (decision === 'passed' && decidedBy === indexOf(task)) await queueWaiting(task, plan, ports)
}

function indexOf({ segment }: Task): number {
  return segment?.index ?? 0
}

/** The segments that have begun need no message: theirs stays in the queue until they are done. */
async function queueWaiting(task: Task, plan: SplitPlan, ports: Ports): Promise<void> {
  const states = await readSegments(task.file, plan, ports)
  const waiting = states.filter(({ segment, checkpoint }) => checkpoint === undefined && segment.index !== task.segment?.index)
  await queueSegments(
    task,
    waiting.map(({ segment }) => segment),
    ports,
  )
}

/** @returns undefined if a segment is not surveyed yet */
async function decisionOn(file: SourceFile, plan: SplitPlan, ports: Ports): Promise<Safety | undefined> {
  if (isOff(ports.limits.hold)) return withoutSurvey(plan, ports)
  const survey = await readAll(file, plan, ports)
  if (survey === undefined) return undefined
  const holds = holdsIn(file, survey, await readProfile(file, ports), ports)
  await keepSurvey(file, survey, ports)
  return safetyOf(survey, plan.bytes, holds, ports)
}

/** The decision about a file that was split before all rules were turned off. */
function withoutSurvey({ bytes, segments }: SplitPlan, { clock }: Pick<Ports, 'clock'>): Safety {
  const now = new Date(clock.now()).toISOString()
  const lines = segments.reduce((sum, segment) => sum + segment.lines, 0)
  return { schema: SAFETY_SCHEMA, decision: 'passed', holds: [], lines, bytes, surveyedAt: now, decidedAt: now }
}

/**
 * What the whole file contains; undefined if a segment is not surveyed yet. The last segments are usually the last to be surveyed, so
 * they are read first: most runs then read only one.
 */
async function readAll(file: SourceFile, { segments }: SplitPlan, ports: Ports): Promise<SurveyPart | undefined> {
  let whole: SurveyPart | undefined
  const last = segments.at(-1)
  if (last !== undefined && (await readPart(file, last, ports)) === undefined) return undefined
  for (let end = segments.length; end > 0; end -= MAX_READS) {
    const some = segments.slice(Math.max(0, end - MAX_READS), end)
    const parts = await Promise.all(some.map((segment) => readPart(file, segment, ports)))
    const found = parts.filter((part) => part !== undefined)
    if (found.length < parts.length) return undefined
    whole = mergeParts(whole === undefined ? found : [...found, whole])
  }
  return whole
}

async function readPart(file: SourceFile, segment: Segment, { checkpoints }: Pick<Ports, 'checkpoints'>) {
  const found = await checkpoints.find(keyOf(file, segment))
  return surveyOf(found?.value)
}

function keyOf(file: SourceFile, { index }: Segment) {
  return { bucket: file.bucket, key: surveyKey(file, index) }
}
