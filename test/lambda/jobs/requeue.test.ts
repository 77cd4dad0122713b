import { describe, expect, test } from '@jest/globals'
import { NoProgressError } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { defer, requeue } from '../../../lambda/jobs/requeue.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

describe('requeue', () => {
  test('sends the rest of the task as a new message, without a delay', async () => {
    const cloud = new MemoryCloud()
    await requeue({ ...newTask(FILE, 2), delays: 3 }, 10, 25, cloud.ports)
    expect(cloud.queued).toEqual([{ task: { file: FILE, replays: 2, reached: 25, delays: 0 }, delaySeconds: 0 }])
    expect(cloud.codes).toEqual(['task_requeued'])
  })

  test.each([
    [10, 10],
    [10, 9],
  ])('ends the chain of messages if an invocation makes no progress: line %i to %i', async (began, reached) => {
    const cloud = new MemoryCloud()
    await expect(requeue(newTask(FILE), began, reached, cloud.ports)).rejects.toThrow(NoProgressError)
    expect(cloud.queued).toEqual([])
  })

  test('fails if SQS does not accept the message', async () => {
    const cloud = new MemoryCloud()
    cloud.failing.add('importQueue.send')
    await expect(requeue(newTask(FILE), 0, 1, cloud.ports)).rejects.toThrow('importQueue.send failed')
    expect(cloud.codes).toEqual([])
  })
})

describe('defer', () => {
  // prettier-ignore
  test.each([
    //  before                        reached   first delay   delay in s   then
    [ { reached: 5, delays: 0 },      5,        30_000,       30,          { reached: 5, delays: 1 } ],
    [ { reached: 5, delays: 1 },      5,        30_000,       60,          { reached: 5, delays: 2 } ],
    [ { reached: 5, delays: 4 },      5,        30_000,       480,         { reached: 5, delays: 5 } ],
    [ { reached: 5, delays: 5 },      5,        30_000,       900,         { reached: 5, delays: 6 } ], // the maximum of SQS
    [ { reached: 5, delays: 5_000 },  5,        30_000,       900,         { reached: 5, delays: 5_001 } ],
    [ { reached: 5, delays: 5 },      6,        30_000,       30,          { reached: 6, delays: 1 } ], // progress starts again
    [ { reached: 5, delays: 0 },      5,        1,            1,           { reached: 5, delays: 1 } ],
  ])('%j, reached %i, %i ms: after %i s', async (before, reached, firstMs, seconds, then) => {
    const cloud = new MemoryCloud()
    const since = cloud.clock.now()
    expect(await defer({ file: FILE, replays: 0, ...before }, reached, firstMs, cloud.ports)).toBe(seconds)
    expect(cloud.queued).toEqual([{ task: { file: FILE, replays: 0, ...then, since }, delaySeconds: seconds }])
  })

  test('the new message remembers since when the work exists, so that its age can be shown while it waits', async () => {
    const cloud = new MemoryCloud()
    const since = cloud.clock.now() - 7_200_000
    await defer({ ...newTask(FILE, 0, since) }, 0, 30_000, cloud.ports)
    expect(cloud.queued).toMatchObject([{ task: { since } }])
    expect(cloud.counted).toEqual([{ metric: 'WorkAgeSeconds', value: 7_200 }])
  })
})
