/** What a line of a simulated file is. It decides how the line must end. */
export type LineKind =
  | 'valid'
  | 'two-requests'
  /** Merges a person with one who is the same in all such lines of the file. */
  | 'merge'
  | 'too-long-for-the-endpoint'
  /** The endpoint refuses it until `Scenario.healedAt`, so the line or its replay is delivered from then on. */
  | 'too-long-for-now'
  /** The endpoint always answers 400. That can be distinguished from an outage only while other lines pass. */
  | 'refused'
  | 'no-time'
  | 'no-json'
  | 'blank'

/** A period, in virtual milliseconds since the start. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** A file in the bucket. */
export interface PersonDecision {
  readonly kind: 'released' | 'discarded'
  readonly at: number
  /** By a tag in S3 in place of a command. */
  readonly isByTag?: boolean
}

export interface FileScenario {
  readonly lines: readonly LineKind[]
  /** Not JSON lines at all: it must be rejected as a whole. */
  readonly isTable: boolean
  /** A CSV file with columns that only import rules know. Its first row names them. */
  readonly isCsv?: true
  readonly isPacked: boolean
  /** Whether the bucket has versions. Without them, an object can be replaced. */
  readonly isVersioned: boolean
  readonly arrivesAt: number
  /** When the object is deleted, or replaced by another one; absent if it stays. */
  readonly leavesAt?: number
  readonly isEventLost: boolean
  readonly extraEvents: number
  /** What a person does with a file that the safety check must hold, and when: after the file has arrived. Absent for all other files. */
  readonly decision?: PersonDecision
  /** The object is a newer version under the key of another file: its id. */
  readonly newVersionOf?: number
}

/** A worker is killed at the n-th externally visible action of all workers: before it takes effect, or right after. */
export interface Kill {
  readonly step: number
  readonly when: 'before' | 'after'
}

/** A worker stands still after the n-th action, and goes on later as if nothing had happened. */
export interface Freeze {
  readonly step: number
  readonly ms: number
}

export type SpellKind =
  /** The endpoint does not answer, or answers all requests like this. */
  | 'down'
  | 'busy'
  | 'throttled'
  | 'throttled-with-wait'
  | 'unauthorized'
  | 'web-page'
  /** S3 or SQS fail, as a whole or in part. */
  | 's3-down'
  | 's3-writes-refused'
  | 'sqs-down'
  | 'dead-letters-throttled'

/** A service fails for a while. */
export interface Spell extends Interval {
  readonly kind: SpellKind
}

/** A person cancels a file, at a virtual time or before the n-th action of all workers. */
export interface Cancel {
  /** The index of the file. */
  readonly file: number
  readonly at?: number
  readonly step?: number
}

/** A person fixes lines of the dead-letter queue, and uploads them as a new file. */
export interface Replay {
  readonly at: number
  /** How long after the upload the person cancels the file. */
  readonly cancelledAfter?: number
  readonly isEventLost?: true
  /** The person has archived the queue before, and also sends what is archived. */
  readonly isOfArchived?: true
}

/** Everything that a run depends on. The same scenario gives the same run, action by action. */
export interface Scenario {
  readonly seed: number
  readonly files: readonly FileScenario[]
  /** Whether the safety check is on. */
  readonly isChecked: boolean
  /** Whether answers about files are pushed, to a receiver that fails at times. */
  readonly isAnswered: boolean
  readonly workers: number
  readonly maxInFlight: number
  readonly maxLinesPerSecond: number
  readonly segmentBytes: number
  readonly invocationMs: number
  readonly checkpointMs: number
  readonly kills: readonly Kill[]
  readonly freezes: readonly Freeze[]
  readonly spells: readonly Spell[]
  /** When a message of the import queue disappears. */
  readonly losses: readonly number[]
  /** When a person redrives the dead-letter queue. */
  readonly redrives: readonly number[]
  /** When a person has paused all imports. */
  readonly pauses: readonly Interval[]
  readonly cancels: readonly Cancel[]
  /** A person limits all imports together, for a while. */
  readonly limits: readonly (Interval & { readonly linesPerSecond: number })[]
  /** When a person discards everything in the dead-letter queue. */
  readonly discards: readonly number[]
  readonly replays: readonly Replay[]
  /** When a person changes the import rules. Without any change there are no rules. */
  readonly ruleChanges: readonly number[]
  readonly healedAt: number
  /** The clocks of the workers differ by up to twice this much. */
  readonly skewMs: number
  /** SQS still accepts the receipt of an earlier delivery. */
  readonly areStaleReceiptsAccepted: boolean
  /** How many days the daily jobs run. */
  readonly days: number
  /** How likely each action is to fail, until `calmAt`. */
  readonly faults: Faults
  readonly calmAt: number
}

export interface Faults {
  /** An action of S3 or SQS fails, before or after it takes effect. */
  readonly cloud: number
  /** S3 refuses a conditional write because of another one at the same time (409). */
  readonly conflict: number
  /** The answer to a conditional write is lost, and the SDK tries it again: S3 refuses it because of the first try (412). */
  readonly writtenBefore: number
  /** SQS refuses an entry of a batch and accepts the others. */
  readonly entry: number
  /** A body breaks off with an error, or ends early without one. */
  readonly body: number
  /** The endpoint answers 500. */
  readonly refused: number
  /** The endpoint answers 429, every second time with Retry-After. */
  readonly throttled: number
  /** The endpoint accepts a request, and its answer is lost. */
  readonly answerLost: number
  /** An answer is late. */
  readonly stall: number
  /** SQS delivers a message again while it is being worked on. */
  readonly deliveredTwice: number
  /** SQS delivers a message again after it was deleted. */
  readonly undeleted: number
  /** A request arrives although its worker was killed meanwhile, up to a minute later. */
  readonly straggler: number
  /** An invocation is asked to stop before its time is up, as by Ctrl-C in local mode. */
  readonly interrupted: number
}

export const NO_FAULTS: Faults = {
  cloud: 0,
  conflict: 0,
  writtenBefore: 0,
  entry: 0,
  body: 0,
  refused: 0,
  throttled: 0,
  answerLost: 0,
  stall: 0,
  deliveredTwice: 0,
  undeleted: 0,
  straggler: 0,
  interrupted: 0,
}

/** A file with more merges is held. */
export const MAX_MERGED = 3
/** So is one with more lines that are rejected for the same reason, if it has at least so many lines. */
export const MAX_SAME_REASON = 90
export const MIN_CHECKED_LINES = 100
export const LONG_INVOCATION_MS = 600_000
export const ONE_SEGMENT_BYTES = 1_000_000

/** A file that stays, in a bucket with versions. */
export function plainFile(lines: readonly LineKind[]): FileScenario {
  return { lines, isTable: false, isPacked: false, isVersioned: true, arrivesAt: 0, isEventLost: false, extraEvents: 0 }
}

/** One file, one worker, and nothing fails. */
export function calm(lines: readonly LineKind[]): Scenario {
  return {
    seed: 1,
    files: [plainFile(lines)],
    isChecked: false,
    isAnswered: false,
    workers: 1,
    maxInFlight: 2,
    maxLinesPerSecond: 0,
    segmentBytes: ONE_SEGMENT_BYTES,
    invocationMs: LONG_INVOCATION_MS,
    checkpointMs: 1_000,
    kills: [],
    freezes: [],
    spells: [],
    losses: [],
    redrives: [],
    pauses: [],
    cancels: [],
    limits: [],
    discards: [],
    replays: [],
    ruleChanges: [],
    healedAt: 0,
    skewMs: 0,
    areStaleReceiptsAccepted: true,
    days: 1,
    faults: NO_FAULTS,
    calmAt: 0,
  }
}
