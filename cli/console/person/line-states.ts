import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { cancelledLines, type CancelledPart } from '../../../lambda/jobs/cancelled-lines.ts'
import { readPlan, readSegments } from '../../../lambda/jobs/segments.ts'
import { checkpointKey, closedLinesKey, undeliveredKey } from '../../../lambda/keys.ts'
import { contains, union, type LineRanges } from '../../../lambda/common/line-ranges.ts'
import type { Entry } from '../../../lambda/parse/entry.ts'
import type { Ports } from '../../../lambda/ports.ts'
import { openLines, type Report } from '../../../lambda/report/report.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { partsOf, readClosedLines } from '../../../lambda/settle/closed-lines.ts'
import { readLeased } from '../../../lambda/settle/lease.ts'
import { readUndelivered } from '../../../lambda/settle/undelivered.ts'
import { isComplete } from '../../../lambda/settle/undelivered-lines.ts'
import type { LineState } from './person-result.ts'

type Store = Pick<Ports, 'checkpoints' | 'documents'>

/** What the documents beside a report say about its lines. */
export interface LineStates {
  /** The state of a line. @returns undefined for an empty one */
  readonly stateOf: (entry: Entry) => LineState | undefined
  /** The import rules that a running import began with; undefined if it has ended. */
  readonly rules?: readonly Rule[]
}

/** How far an import is. */
interface Reached {
  readonly settled: LineRanges
  readonly unsure: LineRanges
  readonly rules: readonly Rule[]
  /** Of the settled lines, those that the endpoint refused, as far as the checkpoints say. */
  readonly undelivered: LineRanges
}

const ALL: LineRanges = [[1, Number.MAX_SAFE_INTEGER]]
const NONE: LineRanges = []
const NOTHING: Reached = { settled: NONE, unsure: NONE, rules: [], undelivered: NONE }

/** @throws NewerVersionError, or the error of S3 */
export async function lineStates(report: Report, store: Store): Promise<LineStates> {
  const [{ settled, unsure, rules, undelivered: soFar }, recorded, closed] = await Promise.all([
    reachedBy(report, store),
    undeliveredLines(report, store),
    closedLines(report, store),
  ])
  const undelivered = report.state === 'importing' ? soFar : recorded
  const isSettled = contains(settled)
  const mayBeSent = contains(unsure)
  const isFixed = contains(closed.fixed)
  const isDiscarded = contains(closed.discarded)
  const isUndelivered = undelivered === undefined ? undefined : contains(undelivered)
  const unsettled: LineState = report.state === 'importing' ? 'waiting' : 'not-sent'

  const stateOf = (entry: Entry): LineState | undefined => {
    const { number } = entry.line
    if (entry.kind === 'blank') return entry.skippedBy === undefined ? undefined : 'left-out'
    if (!isSettled(number)) return mayBeSent(number) && entry.kind === 'ready' ? 'unsure' : unsettled
    // A run that was killed can have left a dead letter of a line that the next run delivered.
    if (entry.kind === 'ready' && isUndelivered?.(number) === false) return 'delivered'
    if (isFixed(number)) return 'fixed'
    if (isDiscarded(number)) return 'discarded'
    if (entry.kind === 'rejected') return 'rejected'
    return isUndelivered === undefined ? 'unsure' : 'undeliverable'
  }
  return { stateOf, ...(report.state === 'importing' && { rules }) }
}

async function reachedBy(report: Report, store: Store): Promise<Reached> {
  switch (report.state) {
    case 'complete':
    case 'complete-with-rejects':
    case 'complete-after-fixing':
      return { ...NOTHING, settled: ALL }
    case 'held':
    case 'discarded':
    case 'skipped':
      return NOTHING
    case 'cancelled':
      return { ...NOTHING, ...report.cancelled }
    case 'importing':
    case 'failed':
    case 'gone':
    case 'superseded':
      return reachedByCheckpoints(report.file, store)
  }
}

async function reachedByCheckpoints(file: SourceFile, store: Store): Promise<Reached> {
  const plan = await readPlan(file, store)
  if (plan !== undefined) {
    const states = await readSegments(file, plan, store)
    const parts = states.map(({ segment: { firstLine, lines }, checkpoint }) =>
      partOf(firstLine, firstLine + lines - 1, checkpoint),
    )
    const undelivered = union(...states.map(({ checkpoint }) => checkpoint?.undelivered ?? NONE))
    return { ...cancelledLines(parts), rules: plan.rules ?? [], undelivered }
  }
  const key = checkpointKey(file, 1)
  const found = await store.checkpoints.find({ bucket: file.bucket, key })
  const checkpoint = readLeased<Checkpoint>(found?.value, CHECKPOINT_SCHEMA, key)
  return {
    ...cancelledLines([partOf(1, Infinity, checkpoint)]),
    rules: checkpoint?.rules ?? [],
    undelivered: checkpoint?.undelivered ?? NONE,
  }
}

function partOf(firstLine: number, lastLine: number, checkpoint: Checkpoint | undefined): CancelledPart {
  return { firstLine, lastLine, checkpoint }
}

/** The lines that the endpoint refused. @returns undefined if there are some, and it is not known which */
async function undeliveredLines({ file, lines }: Report, { documents }: Store): Promise<LineRanges | undefined> {
  if (lines.undeliverable === 0) return NONE
  const key = undeliveredKey(file)
  const recorded = readUndelivered((await documents.find({ bucket: file.bucket, key }))?.value, key)?.lines
  if (recorded === undefined) return undefined
  return isComplete(recorded, lines.undeliverable) || isComplete(recorded, lines.undeliverable + lines.rejected)
    ? recorded
    : undefined
}

async function closedLines(
  report: Report,
  { documents }: Store,
): Promise<{ readonly fixed: LineRanges; readonly discarded: LineRanges }> {
  const { file, lines } = report
  if (lines.rejected + lines.undeliverable === openLines(report)) return { fixed: NONE, discarded: NONE }
  const parts = await Promise.all(
    partsOf(lines.total).map(async (part) => {
      const key = closedLinesKey(file, part)
      return readClosedLines((await documents.find({ bucket: file.bucket, key }))?.value, key)
    }),
  )
  return { fixed: union(...parts.map(({ fixed }) => fixed)), discarded: union(...parts.map(({ discarded }) => discarded)) }
}
