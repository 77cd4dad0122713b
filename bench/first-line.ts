import { asBytes, longLines } from './files.ts'
import type { Lab } from './lab.ts'
import { median } from './measure.ts'
import type { Result } from './result.ts'
import { SlowSink } from './slow-sink.ts'

const MEGABYTE = 1_000_000
const LONG_LINE_BYTES = 7_000
const SIZES = [1, 10, 200]

/**
 * How long it takes from the event of an upload to the first request, in a new process: Node, loading the importer, and the safety check,
 * which reads the whole file. A file above KM_SEGMENT_BYTES is split before.
 */
export async function benchFirstLine(lab: Lab, rounds: number): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const megabytes of SIZES) {
    const seconds: number[] = []
    for (let round = 0; round < rounds; round += 1) seconds.push(await secondsToFirstLine(lab, megabytes))
    results.push({ name: `from upload to first line, ${megabytes} MB, cold start included`, value: median(seconds), unit: 's' })
  }
  return results
}

async function secondsToFirstLine(lab: Lab, megabytes: number): Promise<number> {
  const lines = Math.round((megabytes * MEGABYTE) / LONG_LINE_BYTES)
  await using sink = await SlowSink.start({ latencyMs: 1, requests: lines })
  const { startedAt } = await lab.importOnce(asBytes(longLines(lines)), { sinkUrl: sink.url })
  const { firstAt } = await sink.served
  return (firstAt - startedAt) / 1000
}
