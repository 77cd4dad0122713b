import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { splitFile } from '../../../lambda/jobs/split-file.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import type { Invocation } from '../../../lambda/ports.ts'
import type { SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, goodLine, invocation, MemoryCloud, noRules } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)
const LINE_BYTES = goodLine().length + 1

/** A file of ten lines. Two lines make a segment. */
function tenLines(): MemoryCloud {
  const cloud = new MemoryCloud({ limits: { segmentBytes: 2 * LINE_BYTES } })
  cloud.put(...Array.from({ length: 10 }, (_, index) => goodLine(index)))
  return cloud
}

function split(cloud: MemoryCloud, task: Task = TASK, extra: Partial<Invocation> = {}) {
  return splitFile(task, cloud.ports, invocation(extra), noRules)
}

const planOf = (cloud: MemoryCloud) => cloud.read(checkpointKey(FILE, 'plan')) as SplitPlan & { leaseHolder: { until: number } }

describe('done', () => {
  test('every segment is queued, and the plan lists them', async () => {
    const cloud = tenLines()
    expect(await split(cloud, newTask(FILE, 2))).toEqual({ kind: 'done', isNew: true })
    const segments = [1, 2, 3, 4, 5].map((index) => ({
      index,
      byteStart: (index - 1) * 2 * LINE_BYTES,
      byteEnd: index * 2 * LINE_BYTES,
      firstLine: 2 * index - 1,
      lines: 2,
    }))
    expect(planOf(cloud)).toMatchObject({ segments, isComplete: true, bytes: 10 * LINE_BYTES, leaseHolder: { until: 0 } })
    expect(cloud.queued).toEqual(
      segments.map((segment) => ({
        task: { file: FILE, segment, replays: 2, reached: segment.firstLine - 1, delays: 0 },
        delaySeconds: 0,
      })),
    )
    expect(cloud.codes).toEqual(['file_split'])
  })

  test('by an earlier run: nothing is queued again', async () => {
    const cloud = tenLines()
    await split(cloud)
    expect(await split(cloud)).toEqual({ kind: 'done', isNew: false })
    expect(cloud.queued).toHaveLength(5)
  })

  test('a file that is not JSON lines is rejected before anything is queued', async () => {
    const cloud = tenLines()
    cloud.put(...Array.from({ length: 10 }, () => 'email,event,time'))
    expect(await split(cloud)).toEqual({ kind: 'done', isNew: true })
    expect(cloud.queued).toEqual([])
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file', reason: 'not_line_delimited_json' }])
    expect(planOf(cloud)).toMatchObject({ isComplete: true, failure: { kind: 'failed' } })
  })

  test('a rejected file is split again after its dead letter was replayed', async () => {
    const cloud = tenLines()
    const { object } = cloud
    cloud.put('email,event,time', 'a,b,c')
    await split(cloud)
    cloud.object = object
    await split(cloud, newTask(FILE, 1))
    expect(cloud.queued).toHaveLength(5)
  })

  test.each(['gone', 'superseded'] as const)('the object is %s: the file is missing', async (state) => {
    const cloud = tenLines()
    cloud.object = state
    expect(await split(cloud)).toEqual({ kind: 'done', isNew: true })
    expect(planOf(cloud)).toMatchObject({ isComplete: true, failure: { kind: 'missing', state } })
  })

  test('an archived object is rejected', async () => {
    const cloud = tenLines()
    cloud.object = 'locked'
    expect(await split(cloud)).toEqual({ kind: 'done', isNew: true })
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file', reason: 'object_unreadable' }])
  })
})

describe('unfinished', () => {
  test('out of time: the next run continues after the last segment', async () => {
    const cloud = tenLines()
    cloud.chunkBytes = LINE_BYTES
    const ending = new AbortController()
    const send = cloud.ports.importQueue.send.bind(cloud.ports.importQueue)
    Object.assign(cloud.ports.importQueue, {
      send: async (body: string, delaySeconds: number) => {
        await send(body, delaySeconds)
        if (cloud.queued.length === 2) ending.abort(new OutOfTime())
      },
    })
    expect(await split(cloud, TASK, { ending: ending.signal })).toEqual({ kind: 'out-of-time', began: 0, reached: 4 })
    expect(planOf(cloud)).toMatchObject({ isComplete: false, leaseHolder: { until: 0 } })

    expect(await split(cloud)).toEqual({ kind: 'done', isNew: true })
    expect(cloud.queued.map(({ task }) => task.segment?.index)).toEqual([1, 2, 3, 4, 5])
    expect(planOf(cloud).invocations).toBe(2)
  })

  test('interrupted', async () => {
    const cloud = tenLines()
    expect(await split(cloud, TASK, { ending: AbortSignal.abort(new InterruptedError()) })).toEqual({ kind: 'interrupted' })
    expect(planOf(cloud).leaseHolder.until).toBe(0)
  })

  test('busy: another run is splitting the file', async () => {
    const cloud = tenLines()
    await split(cloud)
    const leaseHolder = { run: 'other', messageId: 'n', serial: 1, until: cloud.clock.now() + 60_000 }
    cloud.write(checkpointKey(FILE, 'plan'), { ...planOf(cloud), isComplete: false, leaseHolder })
    expect(await split(cloud)).toEqual({ kind: 'busy', ms: expect.closeTo(60_000, -3) as unknown, messageId: 'n' })
  })

  test('the message is lost before the lease was taken: nothing is queued, and the next run can begin immediately', async () => {
    const cloud = tenLines()
    expect(await split(cloud, TASK, { holdsMessage: () => Promise.resolve(false) })).toEqual({ kind: 'message-lost' })
    expect(cloud.queued).toEqual([])
    expect(planOf(cloud)).toMatchObject({ isComplete: false, leaseHolder: { until: 0 } })
  })

  test('the lease is lost: this run does not complete the plan', async () => {
    const cloud = tenLines()
    const send = cloud.ports.importQueue.send.bind(cloud.ports.importQueue)
    Object.assign(cloud.ports.importQueue, {
      send: async (body: string, delaySeconds: number) => {
        await send(body, delaySeconds)
        cloud.write(checkpointKey(FILE, 'plan'), { ...planOf(cloud), leaseHolder: { run: 'other', serial: 1, until: 1 } })
      },
    })
    expect(await split(cloud)).toEqual({ kind: 'lease-lost' })
    expect(planOf(cloud)).toMatchObject({ isComplete: false, leaseHolder: { run: 'other' } })
  })
})

test('a segment is in the plan only after it is queued', async () => {
  const cloud = tenLines()
  cloud.failing.add('importQueue.send')
  await expect(split(cloud)).rejects.toThrow('importQueue.send failed')
  expect(planOf(cloud)).toMatchObject({ segments: [], isComplete: false, leaseHolder: { until: 0 } })
})
