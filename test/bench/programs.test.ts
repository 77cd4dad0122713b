import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { bundled } from '../../bench/bundled.ts'
import { asBytes, longLines } from '../../bench/files.ts'
import { runMeasured } from '../../bench/measure.ts'
import { Cloud } from '../../bench/cloud.ts'
import { benchStart } from '../../bench/start.ts'
import { startFaultSink } from '../support/fault-sink.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-bench-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(['request', 'dispatch'])('the baseline of the benchmark sends each request once: %s', async (how) => {
  await using sink = await startFaultSink()
  const program = await bundled('pool-process.ts', folder, [])
  expect(await runMeasured(program, [sink.url, '4', '100', how], {})).toMatchObject({ lines: 100 })
  expect(sink.seen).toHaveLength(100)
})

test('the measured importer imports a file to its end, if it is split and its segments are queued with a delay', async () => {
  await using sink = await startFaultSink()
  await using cloud = await Cloud.start(folder)
  const { bucket, key, env } = await cloud.upload(asBytes(longLines(30)), sink.url, 4)
  const program = await bundled('importer-process.ts', folder)
  expect(await runMeasured(program, [bucket, key], { ...env, KM_SEGMENT_BYTES: '65536' })).toMatchObject({
    lines: 30,
  })
  expect(sink.seen).toHaveLength(30)
})

test('the cold start is measured', async () => {
  const results = await benchStart(1)
  expect(results.map(({ value }) => Number.isFinite(value) && value > 0)).toEqual(results.map(() => true))
})
