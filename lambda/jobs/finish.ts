import type { SourceFile } from '../intake/source-file.ts'
import { checkpointKey, reportKey } from '../keys.ts'
import { ReportKeeper } from '../report/writer.ts'
import { isFinished, type Account, type SegmentReport } from '../report/report.ts'
import type { Segment } from '../intake/task.ts'
import { CHECKPOINT_SCHEMA, type Breakage, type Checkpoint } from '../settle/checkpoint.ts'
import { readHeld } from '../settle/lease.ts'
import { PLAN_SCHEMA, type Plan } from '../settle/split-plan.ts'
import { addUp, emptySums, endedIn } from '../settle/counts.ts'
import type { World } from '../ports.ts'

/** Checkpoints that are asked for at the same time. */
const READS_AT_ONCE = 16

/** Writes the last report of a drop, and says how it ended. */
export async function finishFile(
  account: Account,
  breakage: Breakage | undefined,
  keeper: ReportKeeper,
  { say }: World,
): Promise<void> {
  const { key } = account.file
  switch (breakage?.kind) {
    case 'missing':
      await keeper.missing(account, breakage.state)
      say.missing(key, breakage.state)
      return
    case 'failed':
      await keeper.finish(account, breakage.rejection)
      say.fileRejected(key, breakage.rejection.reason, breakage.rejection.detail)
      return
    case undefined: {
      const { state, lines } = await keeper.finish(account)
      say.finished(key, state, lines)
    }
  }
}

/**
 * Brings the checkpoints of all segments together: into the last report where every segment is done, else into one of how far it is.
 *
 * Whoever ends a segment does it, so that nobody has to wait for the others: S3 shows every write to whoever reads after it, so that the
 * last of them sees all the others done.
 */
export async function mergeReports(file: SourceFile, world: World): Promise<void> {
  const { checkpoints, reports, clock } = world
  const found = await reports.find(file.bucket, reportKey(file)) // first, so that an older merging cannot replace a newer one
  if (found !== undefined && isFinished(found.report)) return
  const plan = readHeld<Plan>(
    (await checkpoints.find({ bucket: file.bucket, key: checkpointKey(file, 'plan') }))?.value,
    PLAN_SCHEMA,
  )
  if (plan === undefined) return
  const parts = await readParts(file, plan.segments, world)
  const account = accountOf(file, plan, parts)
  const keeper = new ReportKeeper(found, reports, clock)
  const breakage = plan.breakage ?? parts.map((part) => part?.breakage).find((broken) => broken !== undefined)
  const isWhole = plan.isComplete && parts.every((part) => part?.isDone === true)
  if (isWhole || breakage?.kind === 'missing') await finishFile(account, breakage, keeper, world)
  else await keeper.begin(account)
}

async function readParts(
  file: SourceFile,
  segments: readonly Segment[],
  { checkpoints }: World,
): Promise<readonly (Checkpoint | undefined)[]> {
  const parts: (Checkpoint | undefined)[] = []
  for (let from = 0; from < segments.length; from += READS_AT_ONCE) {
    const some = segments.slice(from, from + READS_AT_ONCE)
    const found = await Promise.all(
      some.map(({ index }) => checkpoints.find({ bucket: file.bucket, key: checkpointKey(file, index) })),
    )
    parts.push(...found.map((one) => readHeld<Checkpoint>(one?.value, CHECKPOINT_SCHEMA)))
  }
  return parts
}

function accountOf(file: SourceFile, plan: Plan, parts: readonly (Checkpoint | undefined)[]): Account {
  const sums = addUp(parts.map((part) => part?.sums ?? emptySums()))
  const total = (of: (part: Checkpoint) => number) => parts.reduce((sum, part) => sum + (part === undefined ? 0 : of(part)), 0)
  return {
    file,
    bytes: plan.bytes,
    sums,
    linesRead: plan.segments.reduce((lines, segment) => lines + segment.lines, 0),
    startedAt: plan.startedAt,
    invocations: plan.invocations + total(({ invocations }) => invocations),
    repeatsPossible: total(({ repeatsPossible }) => repeatsPossible),
    segments: plan.segments.map((segment, at) => segmentReport(segment, parts[at])),
  }
}

function segmentReport({ index, byteStart, byteEnd, firstLine, lines }: Segment, part: Checkpoint | undefined): SegmentReport {
  const settled = part === undefined ? 0 : endedIn(part.sums)
  return { index, byteStart, byteEnd, firstLine, lines, settled, invocations: part?.invocations ?? 0 }
}
