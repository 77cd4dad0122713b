import { expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { Splitter } from '../../../lambda/jobs/splitter.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import { Lease } from '../../../lambda/settle/lease.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, goodLine, MemoryCloud } from '../../support/memory-cloud.ts'

const LINE_BYTES = goodLine().length + 1

async function splitterOf(cloud: MemoryCloud): Promise<Splitter> {
  const plan: SplitPlan = {
    schema: SPLIT_PLAN_SCHEMA,
    bytes: 0,
    segments: [],
    isComplete: false,
    startedAt: '2026-01-01T00:00:00.000Z',
    invocations: 1,
  }
  const key = { bucket: FILE.bucket, key: checkpointKey(FILE, 'plan') }
  const acquired = await Lease.acquire<SplitPlan>(key, cloud.ports.checkpoints, cloud.clock, {
    schema: SPLIT_PLAN_SCHEMA,
    run: 'run',
    messageId: 'm',
    leaseMs: 3_000,
    isDone: () => false,
    begin: () => plan,
  })
  if (acquired.kind !== 'acquired') throw new Error(acquired.kind)
  return new Splitter(acquired.lease, cloud.ports)
}

test('the plan is saved every checkpoint interval, not for each segment', async () => {
  // Queuing a segment takes 20 ms.
  const cloud = new MemoryCloud({ limits: { segmentBytes: LINE_BYTES, checkpointMs: 200 } })
  cloud.put(...Array.from({ length: 50 }, () => goodLine()))
  const put = cloud.ports.checkpoints.put.bind(cloud.ports.checkpoints)
  const saved: number[] = []
  Object.assign(cloud.ports.checkpoints, {
    put: (...args: Parameters<typeof put>) => {
      saved.push((args[1] as unknown as SplitPlan).segments.length)
      return put(...args)
    },
  })
  const splitter = await splitterOf(cloud)
  const opened = await cloud.ports.files.open(FILE)
  if (opened.kind !== 'open') throw new Error(opened.kind)
  await splitter.splitRest(opened, newTask(FILE), new AbortController().signal)
  expect([splitter.lines, splitter.byteEnd]).toEqual([50, 50 * LINE_BYTES])
  await splitter.complete()
  expect(saved[0]).toBe(0)
  expect(saved.length).toBeGreaterThan(3)
  expect(saved.length).toBeLessThan(10)
  expect(saved.at(-1)).toBe(50)
})
