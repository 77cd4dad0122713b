import type { SourceFile } from '../intake/source-file.ts'
import { checkpointKey, reportKey } from '../keys.ts'
import { ReportWriter } from '../report/writer.ts'
import { isFinished, type ImportState, type SegmentReport } from '../report/report.ts'
import type { Segment } from '../intake/task.ts'
import { CHECKPOINT_SCHEMA, type Failure, type Checkpoint } from '../settle/checkpoint.ts'
import { readLeased } from '../settle/lease.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../settle/split-plan.ts'
import { sumCounts, emptyCounts, settledLines } from '../settle/counts.ts'
import type { Ports } from '../ports.ts'

/** Checkpoints that are read at the same time. */
const MAX_READS = 16

/** Writes the final report of a file, and logs how its import ended. */
export async function finishFile(
  importState: ImportState,
  failure: Failure | undefined,
  writer: ReportWriter,
  { events }: Ports,
): Promise<void> {
  const { key } = importState.file
  switch (failure?.kind) {
    case 'missing':
      await writer.missing(importState, failure.state)
      events.missing(key, failure.state)
      return
    case 'failed':
      await writer.finish(importState, failure.rejection)
      events.fileRejected(key, failure.rejection.reason, failure.rejection.detail)
      return
    case undefined: {
      const { state, lines } = await writer.finish(importState)
      events.finished(key, state, lines)
    }
  }
}

/**
 * Merges the checkpoints of all segments into the report: the final report if every segment is done, or a progress report.
 *
 * Each invocation that finishes a segment does this, so none has to wait for the others. S3 is strongly consistent, so the last
 * of them sees that all segments are done.
 */
export async function mergeReports(file: SourceFile, ports: Ports): Promise<void> {
  const { checkpoints, reports, clock } = ports
  const found = await reports.find(file.bucket, reportKey(file)) // read first, so that an older merge cannot overwrite a newer one
  if (found !== undefined && isFinished(found.report)) return
  const plan = readLeased<SplitPlan>(
    (await checkpoints.find({ bucket: file.bucket, key: checkpointKey(file, 'plan') }))?.value,
    SPLIT_PLAN_SCHEMA,
  )
  if (plan === undefined) return
  const parts = await readParts(file, plan.segments, ports)
  const importState = importStateOf(file, plan, parts)
  const writer = new ReportWriter(found, reports, clock)
  const failure = plan.failure ?? parts.find((part) => part?.failure !== undefined)?.failure
  const isDone = plan.isComplete && parts.every((part) => part?.isDone === true)
  if (isDone || failure?.kind === 'missing') await finishFile(importState, failure, writer, ports)
  else await writer.write(importState)
}

async function readParts(
  file: SourceFile,
  segments: readonly Segment[],
  { checkpoints }: Ports,
): Promise<readonly (Checkpoint | undefined)[]> {
  const parts: (Checkpoint | undefined)[] = []
  for (let from = 0; from < segments.length; from += MAX_READS) {
    const some = segments.slice(from, from + MAX_READS)
    const found = await Promise.all(
      some.map(({ index }) => checkpoints.find({ bucket: file.bucket, key: checkpointKey(file, index) })),
    )
    parts.push(...found.map((one) => readLeased<Checkpoint>(one?.value, CHECKPOINT_SCHEMA)))
  }
  return parts
}

function importStateOf(file: SourceFile, plan: SplitPlan, parts: readonly (Checkpoint | undefined)[]): ImportState {
  const counts = sumCounts(parts.map((part) => part?.counts ?? emptyCounts()))
  const total = (of: (part: Checkpoint) => number) => parts.reduce((sum, part) => sum + (part === undefined ? 0 : of(part)), 0)
  return {
    file,
    bytes: plan.bytes,
    counts,
    linesRead: plan.segments.reduce((lines, segment) => lines + segment.lines, 0),
    startedAt: plan.startedAt,
    invocations: plan.invocations + total(({ invocations }) => invocations),
    repeatsPossible: total(({ repeatsPossible }) => repeatsPossible),
    segments: plan.segments.map((segment, at) => segmentReport(segment, parts[at])),
  }
}

function segmentReport({ index, byteStart, byteEnd, firstLine, lines }: Segment, part: Checkpoint | undefined): SegmentReport {
  const settled = part === undefined ? 0 : settledLines(part.counts)
  return { index, byteStart, byteEnd, firstLine, lines, settled, invocations: part?.invocations ?? 0 }
}
