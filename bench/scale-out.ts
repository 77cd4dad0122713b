import { Readable } from 'node:stream'
import { splitSegments } from '../lambda/read/split.ts'
import { NUMBER_SETTINGS } from '../lambda/settings/numbers.ts'
import { processorsOf, USUAL_IMPORT } from '../lib/cost.ts'
import { asBytes, shortLines } from './files.ts'
import type { Result } from './result.ts'

const LINES = 400_000
const FILE_BYTES = 100e9
const LATENCY_MS = 50
const INVOCATIONS = [1, 2, 4, 8, 50]
const SPLIT_ROUNDS = 5
/** The S3 and SQS requests of a segment, most of them one after the other. */
const SECONDS_PER_TASK = 0.3

/** What a part of the work takes, on a whole processor. */
export interface WorkFigures {
  readonly importCpuMicros: number
  readonly surveyCpuMicros: number
}

/**
 * How much faster several invocations are than one. The time is calculated from the measured CPU, with the memory and the requests in flight
 * that are the default, an endpoint that answers after 50 ms and accepts as much as is sent, and tasks that are taken in order.
 */
export async function benchScaleOut(figures: WorkFigures): Promise<readonly Result[]> {
  const chunks = (await asBytes(shortLines(LINES)).toArray()) as readonly Buffer[]
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
  const lineBytes = bytes / LINES
  const splitCpuMicros = await splitMicros(chunks)
  const processors = processorsOf(USUAL_IMPORT.memoryMb)
  const segmentLines = NUMBER_SETTINGS.KM_SEGMENT_BYTES.default / lineBytes
  const cpuSeconds = (micros: number): number => (segmentLines * micros) / 1e6 / processors
  const work: Work = {
    segments: Math.ceil(FILE_BYTES / NUMBER_SETTINGS.KM_SEGMENT_BYTES.default),
    split: cpuSeconds(splitCpuMicros),
    survey: SECONDS_PER_TASK + cpuSeconds(figures.surveyCpuMicros),
    import:
      SECONDS_PER_TASK +
      Math.max(cpuSeconds(figures.importCpuMicros), (segmentLines * LATENCY_MS) / 1000 / USUAL_IMPORT.maxInFlight),
  }
  const alone = secondsWith(1, work)
  return [
    { name: 'splitting, read once to count lines', value: lineBytes / splitCpuMicros, unit: 'MB per CPU-s' },
    {
      name: 'CPU of splitting / of the import',
      value: splitCpuMicros / figures.importCpuMicros,
      unit: 'ratio',
      target: '< 0.02',
    },
    ...INVOCATIONS.flatMap((invocations): readonly Result[] => {
      const seconds = secondsWith(invocations, work)
      return [
        { name: `100 GB, ${invocations} invocations, 50 ms`, value: seconds / 60, unit: 'min' },
        {
          name: `speed / ${invocations} times one invocation`,
          value: alone / seconds / invocations,
          unit: 'ratio',
          target: '>= 0.95',
        },
      ]
    }),
  ]
}

/** CPU of a line, the least of some rounds. */
async function splitMicros(chunks: readonly Buffer[]): Promise<number> {
  let least = Infinity
  for (let round = 0; round < SPLIT_ROUNDS; round += 1) {
    const before = process.cpuUsage()
    const options = { segmentBytes: NUMBER_SETTINGS.KM_SEGMENT_BYTES.default }
    for await (const _segment of splitSegments(Readable.from(chunks, { objectMode: false }), options));
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / LINES)
  }
  return least
}

/** Seconds for each segment. */
export interface Work {
  readonly segments: number
  readonly split: number
  readonly survey: number
  readonly import: number
}

/**
 * How long a file takes: one invocation splits it; each segment is surveyed as soon as it is known, and imported once all are surveyed.
 */
export function secondsWith(invocations: number, work: Work): number {
  const free = Array<number>(invocations).fill(0)
  free[0] = work.segments * work.split
  /** Lets the invocation that is free first do a task. @returns when it is done */
  const run = (possibleAt: number, seconds: number): number => {
    const first = free.indexOf(Math.min(...free))
    return (free[first] = Math.max(free[first] ?? 0, possibleAt) + seconds)
  }
  let surveyed = 0
  for (let index = 1; index <= work.segments; index += 1) surveyed = Math.max(surveyed, run(index * work.split, work.survey))
  for (let index = 0; index < work.segments; index += 1) run(surveyed, work.import)
  return Math.max(...free)
}
