import { asError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import { checkpointKey, isReplayFile } from '../keys.ts'
import type { Absence, Invocation, Ports } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import { CHECKPOINT_SCHEMA, doneLines, type Checkpoint } from '../settle/checkpoint.ts'
import { readLeased } from '../settle/lease.ts'
import type { Watermark } from '../settle/ledger.ts'
import type { Rule } from '../rules/rule.ts'
import type { Hold } from '../survey/hold-rules.ts'
import { findHolds } from '../survey/holds.ts'
import type { Profile } from '../survey/profile.ts'
import type { SurveyPart } from '../survey/part.ts'
import type { ReadRules } from './import-rules.ts'
import { keepSurvey, readProfile } from './profiles.ts'
import { isAllowed, isOff, SAFETY_SCHEMA, storeSafety, type Safety } from './safety.ts'
import { stopReasonOf } from './stop-reason.ts'
import { surveyLines } from './survey-lines.ts'

/** A survey that runs out of time this often has no chance: the file is held. The first times, S3 may have been slow. */
const MAX_SURVEYS = 3

/** What a survey of a file, or of a segment, has found. */
export type Surveyed =
  | { readonly kind: 'surveyed'; readonly survey: SurveyPart; readonly bytes: number }
  /** S3 does not return the object: there is nothing to send, and the import reports it. */
  | { readonly kind: 'absent'; readonly absence: Absence }
  | { readonly kind: 'out-of-time' }
  | { readonly kind: 'interrupted' }

/** Whether a file may be imported. */
export type SafetyCheck =
  /**
   * `survey` is given if this run has surveyed the file, and `grouped` if a decision is stored: it says which rejected lines share a dead letter.
   *
   * @param isFirst whether no run has stored a checkpoint, as far as the check has seen
   */
  | {
      readonly kind: 'allowed'
      readonly survey?: SurveyPart
      readonly isFirst?: boolean
      readonly grouped?: readonly ReasonCode[] | undefined
    }
  /** Held or discarded. */
  | { readonly kind: 'stopped'; readonly safety: Safety }
  | Exclude<Surveyed, { readonly kind: 'surveyed' }>

/**
 * Surveys a file that is imported whole, and decides whether it may be imported.
 *
 * It takes no lease. Two runs that survey a file at the same time find the same, and the decision that is stored first counts.
 *
 * @throws the error of S3
 */
export async function checkFile(
  task: Task,
  ports: Ports,
  { ending }: Pick<Invocation, 'ending'>,
  readRules: ReadRules,
): Promise<SafetyCheck> {
  const { file } = task
  if (isOff(ports.limits.hold)) return { kind: 'allowed' }
  const failed = new AbortController()
  const [surveyed, profile, { isBegun, isFirst }] = await Promise.all([
    readRules().then((rules) => surveyRange(file, { line: 0, byte: 0 }, rules, ports, AbortSignal.any([ending, failed.signal]))),
    readProfile(file, ports),
    findCheckpoint(file, ports),
  ]).catch((error: unknown) => {
    failed.abort(asError(error)) // or the survey would go on after this run has returned
    throw error
  })
  // An earlier version of the importer has begun it, or all rules were off then.
  if (isBegun) return { kind: 'allowed' }
  switch (surveyed.kind) {
    case 'surveyed': {
      const { survey, bytes } = surveyed
      // No line of it is sent. Nothing is stored, because a later version of the importer may be able to read the file.
      if (survey.refused !== undefined && survey.lines.valid === 0) return { kind: 'allowed', isFirst }
      const safety = safetyOf(survey, bytes, holdsIn(file, survey, profile, ports), ports)
      if (safety.decision === 'held') await keepSurvey(file, survey, ports)
      const check = checkOf(await storeSafety(file, safety, ports), survey)
      return check.kind === 'allowed' ? { ...check, isFirst } : check
    }
    case 'out-of-time':
      return isHopeless(task) ? checkOf(await storeSafety(file, notSurveyed(file, ports), ports)) : surveyed
    case 'absent':
    case 'interrupted':
      return surveyed
  }
}

/** Surveys a file from a line on, or a segment of it. @throws the error of S3 */
export async function surveyRange(
  file: SourceFile,
  start: Watermark,
  rules: readonly Rule[],
  { files, limits }: Pick<Ports, 'files' | 'limits'>,
  ending: AbortSignal,
  byteEnd?: number,
): Promise<Surveyed> {
  try {
    const opened = await files.open(file, { start: start.byte, ...(byteEnd !== undefined && { end: byteEnd }) })
    if (opened.kind !== 'open') return { kind: 'absent', absence: opened.kind }
    const { maxLineBytes } = limits
    const survey = await surveyLines(opened, start, { maxLineBytes, rules, isAdmitted: byteEnd !== undefined, ending })
    return { kind: 'surveyed', survey, bytes: opened.bytes }
  } catch (error) {
    const reason = stopReasonOf(error)
    switch (reason.kind) {
      case 'vanished':
        return { kind: 'absent', absence: reason.state }
      case 'out-of-time':
      case 'interrupted':
        return reason
      case 'outage': // nothing is sent here
      case 'paused':
      case 'cancelled':
      case 'lease-lost':
      case 'failed':
        throw error
    }
  }
}

/** Whether lines of a file may have been sent, although no decision is stored; and whether no run has stored a checkpoint. */
async function findCheckpoint(
  file: SourceFile,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<{ readonly isBegun: boolean; readonly isFirst: boolean }> {
  const key = checkpointKey(file, 1)
  const found = await checkpoints.find({ bucket: file.bucket, key })
  const checkpoint = readLeased<Checkpoint>(found?.value, CHECKPOINT_SCHEMA, key)
  // A damaged one may have been of the last line.
  if (checkpoint === undefined) return { isBegun: found !== undefined, isFirst: found === undefined }
  return { isBegun: doneLines(checkpoint) > 0 || checkpoint.newest > 0 || checkpoint.leaseHolder.until !== 0, isFirst: false }
}

export function holdsIn(
  file: SourceFile,
  survey: SurveyPart,
  profile: Profile | undefined,
  { limits }: Pick<Ports, 'limits'>,
): readonly Hold[] {
  return findHolds(survey, profile, limits.hold, { isReplay: isReplayFile(file.key) })
}

export function safetyOf(survey: SurveyPart, bytes: number, holds: readonly Hold[], { clock }: Pick<Ports, 'clock'>): Safety {
  const { valid, rejected, blank } = survey.lines
  const now = new Date(clock.now()).toISOString()
  return {
    schema: SAFETY_SCHEMA,
    decision: holds.length > 0 ? 'held' : 'passed',
    holds,
    lines: valid + rejected + blank,
    bytes,
    surveyedAt: now,
    decidedAt: now,
  }
}

/** The decision about a file that is too large to be surveyed. */
export function notSurveyed({ bytes = 0 }: SourceFile, { clock }: Pick<Ports, 'clock'>): Safety {
  const now = new Date(clock.now()).toISOString()
  const detail = 'The file could not be read to its end within the time of one invocation, so nothing is known about its content.'
  return {
    schema: SAFETY_SCHEMA,
    decision: 'held',
    holds: [{ rule: 'not_surveyed', detail }],
    lines: 0,
    bytes,
    surveyedAt: now,
    decidedAt: now,
  }
}

/** Whether another survey would run out of time too. */
export function isHopeless({ surveys = 0 }: Task): boolean {
  return surveys + 1 >= MAX_SURVEYS
}

export function checkOf(safety: Safety, survey?: SurveyPart): SafetyCheck {
  if (!isAllowed(safety)) return { kind: 'stopped', safety }
  return { kind: 'allowed', grouped: safety.grouped, ...(survey !== undefined && { survey }) }
}
