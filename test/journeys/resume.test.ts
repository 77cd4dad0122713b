import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/cloud.ts'
import { startFaultSink, status, TAKEN, type SeenRequest } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'

const line = (n: number, more = ''): string => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up","n":${n}${more}}`
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')

/** Numbers of the lines that were taken, as often as they were. */
function taken(seen: ReadonlyMap<string, number>): readonly number[] {
  return [...seen].flatMap(([target, times]) => Array.from({ length: times }, () => Number(/[?&]n=(\d+)/.exec(target)?.[1])))
}

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('when the time of an invocation runs out', () => {
  test('a drop that needs forty of them is imported whole, and no line twice', async () => {
    await using sink = await startFaultSink(() => ({ kind: 'slow', ms: 5 }))
    await using installation = await Installation.start(sink.url, { KM_MAX_IN_FLIGHT: '1' }, { timeoutMs: 250 })
    const report = await installation.import('long.json', lines(1_000))
    expect(report).toMatchObject({ state: 'complete', lines: { total: 1_000, delivered: 1_000 }, repeatsPossible: 0 })
    expect(report.invocations).toBeGreaterThanOrEqual(20)
    expect([...taken(sink.taken)].toSorted((a, b) => a - b)).toEqual(range(1, 1_000))
  }, 60_000)
})
