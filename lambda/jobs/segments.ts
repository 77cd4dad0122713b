import { union } from '../common/line-ranges.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Segment } from '../intake/task.ts'
import { checkpointKey } from '../keys.ts'
import type { Leased, Ports } from '../ports.ts'
import type { ImportState, SegmentReport } from '../report/report.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../settle/checkpoint.ts'
import { emptyCounts, settledLines, sumCounts } from '../settle/counts.ts'
import { readLeased } from '../settle/lease.ts'
import { mergeGroups } from '../settle/line-groups.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../settle/split-plan.ts'

/** Checkpoints that are read at the same time. */
const MAX_READS = 16

/** A segment of a split file, with its checkpoint once its import has started. */
export interface SegmentState {
  readonly segment: Segment
  readonly checkpoint: Leased<Checkpoint> | undefined
}

/** @returns undefined if the file has not been split @throws NewerVersionError, or the error of S3 */
export async function readPlan(file: SourceFile, { checkpoints }: Pick<Ports, 'checkpoints'>): Promise<SplitPlan | undefined> {
  const key = checkpointKey(file, 'plan')
  const found = await checkpoints.find({ bucket: file.bucket, key })
  return readLeased<SplitPlan>(found?.value, SPLIT_PLAN_SCHEMA, key)
}

/** @throws NewerVersionError, or the error of S3 */
export async function readSegments(
  file: SourceFile,
  { segments }: SplitPlan,
  { checkpoints }: Pick<Ports, 'checkpoints'>,
): Promise<readonly SegmentState[]> {
  const states: SegmentState[] = []
  for (let from = 0; from < segments.length; from += MAX_READS) {
    const read = async (segment: Segment): Promise<SegmentState> => {
      const key = checkpointKey(file, segment.index)
      const found = await checkpoints.find({ bucket: file.bucket, key })
      return { segment, checkpoint: readLeased<Checkpoint>(found?.value, CHECKPOINT_SCHEMA, key) }
    }
    states.push(...(await Promise.all(segments.slice(from, from + MAX_READS).map(read))))
  }
  return states
}

/** The state of a split file: the sum of its checkpoints. */
export function sumSegments(file: SourceFile, plan: SplitPlan, states: readonly SegmentState[]): ImportState {
  const total = (of: (checkpoint: Checkpoint) => number) =>
    states.reduce((sum, { checkpoint }) => sum + (checkpoint === undefined ? 0 : of(checkpoint)), 0)
  const undelivered = union(...states.map(({ checkpoint }) => checkpoint?.undelivered ?? []))
  const groups = mergeGroups(states.map(({ checkpoint }) => checkpoint?.groups ?? {}))
  const replay = states.find(({ checkpoint }) => checkpoint?.replay !== undefined)?.checkpoint?.replay
  return {
    file,
    bytes: plan.bytes,
    counts: sumCounts(states.map(({ checkpoint }) => checkpoint?.counts ?? emptyCounts())),
    linesRead: plan.segments.reduce((lines, segment) => lines + segment.lines, 0),
    startedAt: plan.startedAt,
    invocations: plan.invocations + total(({ invocations }) => invocations),
    repeatsPossible: total(({ repeatsPossible }) => repeatsPossible),
    repeatedTries: total(({ repeatedTries }) => repeatedTries),
    segments: states.map(segmentReport),
    ...(plan.rules !== undefined && { rules: plan.rules }),
    ...(undelivered.length > 0 && { undelivered }),
    ...(Object.keys(groups).length > 0 && { groups }),
    ...(replay !== undefined && { replay }),
  }
}

function segmentReport({ segment, checkpoint }: SegmentState): SegmentReport {
  const { index, byteStart, byteEnd, firstLine, lines } = segment
  const settled = checkpoint === undefined ? 0 : settledLines(checkpoint.counts)
  return { index, byteStart, byteEnd, firstLine, lines, settled, invocations: checkpoint?.invocations ?? 0 }
}
