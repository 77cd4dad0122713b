import { expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { openSegment } from '../../../lambda/jobs/open-segment.ts'
import { runSegment } from '../../../lambda/jobs/run-segment.ts'
import { acquireSegment } from '../../../lambda/jobs/segment-lease.ts'
import type { Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)

/** Runs the whole file. @returns the checkpoints that it reports */
async function runAll(cloud: MemoryCloud): Promise<readonly Checkpoint[]> {
  const progress: Checkpoint[] = []
  const acquired = await acquireSegment(TASK, cloud.ports, invocation())
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  const segment = await openSegment(TASK, { line: 0, byte: 0 }, cloud.ports)
  if (segment.kind !== 'open') throw new Error(segment.kind)
  const onProgress = (checkpoint: Checkpoint): void => {
    progress.push(checkpoint)
  }
  await runSegment(segment, acquired.lease, { task: TASK, ports: cloud.ports, invocation: invocation(), onProgress })
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
  const acquired = await acquireSegment(TASK, cloud.ports, invocation())
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  const segment = await openSegment(TASK, { line: 0, byte: 0 }, cloud.ports)
  if (segment.kind !== 'open') throw new Error(segment.kind)
  cloud.failing.add('checkpoints.put')
  const work = { task: TASK, ports: cloud.ports, invocation: invocation(), onProgress: () => undefined }
  await expect(runSegment(segment, acquired.lease, work)).rejects.toThrow('checkpoints.put failed')
  expect(cloud.requests).toHaveLength(128) // for each request in flight
})

test('memory and repeats are limited: no line runs far ahead of the oldest line in flight', async () => {
  const cloud = new MemoryCloud({ limits: { maxInFlight: 2, checkpointMs: 600_000 } })
  cloud.put(...Array.from({ length: 300 }, (_, index) => goodLine(index)))
  let isStuck = true
  const send = cloud.ports.endpoint.send.bind(cloud.ports.endpoint)
  const endpoint: typeof cloud.ports.endpoint = {
    send: async (request) => {
      if (isStuck && request.path.includes('_p=p0&')) {
        await cloud.clock.sleep(30_000)
        expect(cloud.requests.length).toBeLessThanOrEqual(2 * 64)
        isStuck = false
      }
      return send(request)
    },
  }
  Object.assign(cloud.ports, { endpoint })
  await runAll(cloud)
  expect(isStuck).toBe(false)
  expect(cloud.checkpoint()).toMatchObject({ counts: { lines: { delivered: 300 } } })
})
