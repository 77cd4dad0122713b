import { expect, test } from '@jest/globals'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { OutOfTime } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { openSegment } from '../../../lambda/jobs/open-segment.ts'
import { runSegment } from '../../../lambda/jobs/run-segment.ts'
import { acquireSegment } from '../../../lambda/jobs/segment-lease.ts'
import type { Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { FILE, goodLine, invocation, MemoryCloud, noRules } from '../../support/memory-cloud.ts'
import { answerOf, promisedEndpoint } from '../../support/promised-endpoint.ts'

const TASK = newTask(FILE)

/** Runs the whole file. @returns the checkpoints that it reports */
async function runAll(cloud: MemoryCloud, ending = new AbortController().signal): Promise<readonly Checkpoint[]> {
  const progress: Checkpoint[] = []
  const acquired = await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  const segment = await openSegment(TASK, { watermark: { line: 0, byte: 0 } }, cloud.ports)
  if (segment.kind !== 'open') throw new Error(segment.kind)
  const onProgress = (checkpoint: Checkpoint): void => {
    progress.push(checkpoint)
  }
  await runSegment(segment, acquired.lease, {
    task: TASK,
    ports: cloud.ports,
    invocation: invocation({ ending }),
    readAt: cloud.clock.now(),
    readRules: noRules,
    onProgress,
  })
  return progress
}

test('a checkpoint is written every interval, and each says what is settled', async () => {
  const cloud = new MemoryCloud({ limits: { maxLinesPerSecond: 10 } })
  cloud.put(...Array.from({ length: 60 }, (_, index) => goodLine(index)))
  const settled = (await runAll(cloud)).map(({ watermark }) => watermark.line)
  expect(settled[0]).toBe(0)
  expect(settled.length).toBeGreaterThan(4)
  expect(settled).toEqual(settled.toSorted((a, b) => a - b))
  expect(cloud.checkpoint()).toMatchObject({ isDone: true, watermark: { line: 60 } })
})

test('while S3 refuses checkpoints, a limited number of lines is sent', async () => {
  const cloud = new MemoryCloud({ limits: { maxInFlight: 1, checkpointMs: 60_000 } })
  cloud.put(...Array.from({ length: 400 }, (_, index) => goodLine(index)))
  const acquired = await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  const segment = await openSegment(TASK, { watermark: { line: 0, byte: 0 } }, cloud.ports)
  if (segment.kind !== 'open') throw new Error(segment.kind)
  cloud.failing.add('checkpoints.put')
  const work = {
    task: TASK,
    ports: cloud.ports,
    invocation: invocation(),
    readAt: cloud.clock.now(),
    readRules: noRules,
    onProgress: () => undefined,
  }
  await expect(runSegment(segment, acquired.lease, work)).rejects.toThrow('checkpoints.put failed')
  expect(cloud.requests).toHaveLength(48) // for each request in flight
})

test('one line that is refused again and again holds back no other, and the next run sends nothing but that line', async () => {
  const cloud = new MemoryCloud({ limits: { maxInFlight: 2, checkpointMs: 600_000 } })
  cloud.put(...Array.from({ length: 300 }, (_, index) => goodLine(index)))
  const accepting = cloud.ports.endpoint
  const busy: Answer = { kind: 'status', status: 429 }
  const ending = new AbortController()
  const isFirst = ({ path }: { path: string }): boolean => path.includes('_p=p0&')
  const endpoint = promisedEndpoint((request) => {
    if (cloud.requests.length === 299) ending.abort(new OutOfTime())
    return isFirst(request) ? Promise.resolve(busy) : answerOf(accepting, request)
  })
  const ports = { ...cloud.ports }
  Object.assign(cloud.ports, { endpoint })
  await runAll(cloud, ending.signal)
  expect(cloud.requests).toHaveLength(299)
  expect(cloud.checkpoint()).toMatchObject({
    watermark: { line: 0 },
    ended: [[2, 300]],
    counts: { lines: { delivered: 299 } },
    repeatsPossible: 0,
  })

  Object.assign(cloud.ports, ports)
  await runAll(cloud)
  expect(cloud.requests.slice(299).map((path) => isFirst({ path }))).toEqual([true])
  expect(cloud.checkpoint()).toMatchObject({
    watermark: { line: 300 },
    ended: [],
    counts: { lines: { delivered: 300 } },
    repeatsPossible: 1,
  })
})
