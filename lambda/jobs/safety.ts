import type { SourceFile } from '../intake/source-file.ts'
import { safetyKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import { refuseNewer } from '../common/schema.ts'
import type { HoldSettings } from '../settings/hold.ts'
import type { Hold } from '../survey/hold-rules.ts'
import { storeOnce } from './store-once.ts'

export const SAFETY_SCHEMA = 'kissmetrics-importer/safety/v1'

export type Decision =
  /** No rule has found anything. */
  | 'passed'
  /** A person has to decide. */
  | 'held'
  | 'released'
  | 'discarded'

/**
 * Whether a version of a file may be imported: stored once, before its first line is sent. A file that is held is released or discarded
 * later, and nothing else ever changes. So a run that has read `passed` or `released` may rely on it.
 */
export interface Safety {
  readonly schema: typeof SAFETY_SCHEMA
  readonly decision: Decision
  /** Why the file is held, or was held. */
  readonly holds: readonly Hold[]
  /** Of the whole file, as far as it was read. */
  readonly lines: number
  readonly bytes: number
  /** ISO 8601. */
  readonly surveyedAt: string
  readonly decidedAt: string
  /** Of a split file: the index of the segment whose run has decided; 0 if it was the run that has split the file. */
  readonly decidedBy?: number
  /** Only of a released file. The lines that are rejected for one of these reasons share a dead letter. */
  readonly grouped?: readonly ReasonCode[]
}

export interface FoundSafety {
  readonly safety: Safety
  readonly tag: string
}

/** @returns undefined if nothing is decided yet @throws NewerVersionError, or the error of S3 */
export async function findSafety(
  file: SourceFile,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<FoundSafety | undefined> {
  const key = keyOf(file)
  const found = await checkpoints.find(key)
  const safety = readSafety(found?.value, key.key)
  return safety && found && { safety, tag: found.tag }
}

/**
 * Stores the decision about a file, unless another run has stored one.
 *
 * @returns the decision that is stored
 * @throws NewerVersionError, or the error of S3
 */
export function storeSafety(file: SourceFile, safety: Safety, ports: Pick<Ports, 'checkpoints'>): Promise<Safety> {
  const key = keyOf(file)
  return storeOnce(key, safety, (value) => readSafety(value, key.key), ports)
}

function keyOf(file: SourceFile) {
  return { bucket: file.bucket, key: safetyKey(file) }
}

/** @returns undefined if there is none, or if it is damaged: then the file is surveyed again */
function readSafety(value: unknown, key: string): Safety | undefined {
  refuseNewer(value, SAFETY_SCHEMA, key)
  return isSafety(value) ? value : undefined
}

const DECISIONS: ReadonlySet<unknown> = new Set<Decision>(['passed', 'held', 'released', 'discarded'])

function isSafety(value: unknown): value is Safety {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    value.schema === SAFETY_SCHEMA &&
    'decision' in value &&
    DECISIONS.has(value.decision)
  )
}

/** Whether all rules are turned off: then no file is read a second time. */
export function isOff(hold: HoldSettings): boolean {
  return Object.values(hold).every((limit) => limit === 0)
}

/** Whether a decision allows the import. */
export function isAllowed({ decision }: Safety): boolean {
  return decision === 'passed' || decision === 'released'
}
