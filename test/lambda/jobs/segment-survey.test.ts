import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { mergeReports } from '../../../lambda/jobs/finish.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import { checkSegment, decide } from '../../../lambda/jobs/segment-survey.ts'
import { readPlan } from '../../../lambda/jobs/segments.ts'
import { checkpointKey, surveyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import type { SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, goodLine, type MemoryCloud } from '../../support/memory-cloud.ts'
import { aliases, cloudWith, HOLD, run, runQueued, safetyOf } from './checked-files.ts'

describe('a split file', () => {
  const SMALL = { limits: { hold: HOLD, segmentBytes: 60 } }
  const MANY = Array.from({ length: 20 }, (_, n) => goodLine(n))
  // Only together, the segments trip the rule.
  const SPREAD = [...MANY, ...aliases(2), ...MANY, ...aliases(4).slice(2)]

  test('is imported once all of its segments are surveyed', async () => {
    const cloud = cloudWith(MANY, SMALL)
    await run(cloud)
    const segments = cloud.queued.length
    expect(segments).toBeGreaterThan(5)
    for (let done = 0; done < segments - 1; done += 1) await run(cloud, cloud.queued.shift()!.task)
    expect(cloud.requests).toEqual([])
    expect(safetyOf(cloud)).toBeUndefined()
    await runQueued(cloud)
    expect(safetyOf(cloud)).toMatchObject({ decision: 'passed', lines: 20 })
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 20, delivered: 20 } })
    expect(new Set(cloud.requests).size).toBe(cloud.requests.length)
  })

  test('is held for what its segments contain together', async () => {
    const cloud = cloudWith(SPREAD, SMALL)
    await run(cloud)
    await runQueued(cloud)
    expect(cloud.requests).toEqual([])
    await mergeReports(FILE, cloud.ports) // by a run that was slower
    expect(cloud.report).toMatchObject({ state: 'held', lines: { total: 44 }, hold: { rules: [{ rule: 'merged_people' }] } })
    await decideHeldFile(FILE, 'released', cloud.ports)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 44, delivered: 44 } })
  })

  test('is not imported after it was discarded', async () => {
    const cloud = cloudWith(SPREAD, SMALL)
    await run(cloud)
    const segments = cloud.queued.map(({ task }) => task)
    await runQueued(cloud)
    await decideHeldFile(FILE, 'discarded', cloud.ports)
    for (const task of segments) await run(cloud, task)
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'discarded' })
  })

  test('is decided by the splitter if all segments are surveyed before the plan is complete', async () => {
    const cloud = cloudWith(MANY, SMALL)
    const send = cloud.ports.importQueue.send.bind(cloud.ports.importQueue)
    // Each segment is surveyed as soon as it is queued, before the next one is.
    Object.assign(cloud.ports.importQueue, {
      send: async (body: string, delay: number) => {
        await send(body, delay)
        if (safetyOf(cloud) === undefined) await run(cloud, cloud.queued.pop()!.task)
      },
    })
    await run(cloud)
    expect(safetyOf(cloud)?.decision).toBe('passed')
    Object.assign(cloud.ports.importQueue, { send })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 20 } })
  })

  /** All segments are surveyed but the last one, whose run decides. */
  async function withoutLast(): Promise<{ cloud: MemoryCloud; last: Task; segments: number }> {
    const cloud = cloudWith(MANY, SMALL)
    await run(cloud)
    const segments = cloud.queued.length
    const last = cloud.queued.pop()!.task
    await runQueued(cloud)
    expect(safetyOf(cloud)).toBeUndefined()
    return { cloud, last, segments }
  }

  test('queues the segments that wait when the segment is imported again whose run was killed after its decision', async () => {
    const { cloud, last, segments } = await withoutLast()
    cloud.failing.add('importQueue.send')
    await expect(run(cloud, last)).rejects.toThrow('importQueue.send failed')
    expect(safetyOf(cloud)).toMatchObject({ decision: 'passed', decidedBy: last.segment?.index })
    cloud.failing.clear()
    await run(cloud, last)
    expect(cloud.queued).toHaveLength(segments - 1)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 20 } })
    expect(new Set(cloud.requests).size).toBe(cloud.requests.length)
  })

  test('queues a segment at most once for each run of that segment while SQS stores it and reports an error', async () => {
    const { cloud, last, segments } = await withoutLast()
    const send = cloud.ports.importQueue.send.bind(cloud.ports.importQueue)
    Object.assign(cloud.ports.importQueue, {
      send: async (body: string, delay: number) => {
        await send(body, delay)
        throw new Error('no answer')
      },
    })
    for (let deliveries = 1; deliveries < segments; deliveries += 1) {
      await expect(run(cloud, last)).rejects.toThrow('no answer')
      expect(cloud.queued).toHaveLength(1)
      await runQueued(cloud)
      expect(cloud.queued).toEqual([])
    }
    await run(cloud, last)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 20 } })
  })

  test('goes on after the message of a segment was lost, once a search has found the file', async () => {
    const cloud = cloudWith(MANY, SMALL)
    await run(cloud)
    cloud.queued.shift()
    await runQueued(cloud)
    expect(cloud.requests).toEqual([])
    await run(cloud, { ...newTask(FILE), foundBySearch: true })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 20 } })
  })

  test('is imported if all rules are turned off while it is surveyed', async () => {
    const cloud = cloudWith(SPREAD, SMALL)
    await run(cloud)
    const last = cloud.queued.pop()!.task
    await runQueued(cloud)
    Object.assign(cloud.ports.limits, { hold: HOLD_NOTHING })
    await run(cloud, last)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 44 } })
  })

  test('that was split by an earlier version is imported without a survey', async () => {
    const cloud = cloudWith(SPREAD, { limits: { ...SMALL.limits, hold: HOLD_NOTHING } })
    await run(cloud)
    Object.assign(cloud.ports.limits, { hold: HOLD })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 44 } })
  })

  test('surveys a segment again if its survey is damaged', async () => {
    const cloud = cloudWith(MANY, SMALL)
    cloud.write(surveyKey(FILE, 1), { schema: 'damaged' })
    await run(cloud)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 20 } })
  })
})

describe('a segment', () => {
  const LINES = Array.from({ length: 24 }, (_, n) => goodLine(n))

  /** A split file of which no segment is surveyed. */
  async function split(): Promise<{ cloud: MemoryCloud; tasks: readonly Task[] }> {
    const cloud = cloudWith(LINES, { limits: { segmentBytes: 60 } })
    await run(cloud)
    return { cloud, tasks: cloud.queued.splice(0).map(({ task }) => task) }
  }

  const check = async (cloud: MemoryCloud, task: Task, ending = new AbortController().signal) =>
    checkSegment(task, task.segment!, await readPlan(FILE, cloud.ports), cloud.ports, { ending })

  test.each([
    ['out-of-time', new OutOfTime()],
    ['interrupted', new InterruptedError()],
  ])('whose survey cannot be completed stores nothing: %s', async (kind, reason) => {
    const { cloud, tasks } = await split()
    expect(await check(cloud, tasks[0]!, AbortSignal.abort(reason))).toEqual({ kind })
    expect(cloud.read(surveyKey(FILE, 1))).toBeUndefined()
  })

  test('whose survey is out of time for the third time holds the file', async () => {
    const { cloud, tasks } = await split()
    const result = await check(cloud, { ...tasks[0]!, surveys: 2 }, AbortSignal.abort(new OutOfTime()))
    expect(result).toMatchObject({ kind: 'stopped', safety: { decision: 'held', holds: [{ rule: 'not_surveyed' }] } })
    expect(await check(cloud, tasks[1]!)).toMatchObject({ kind: 'waiting' })
  })

  test('of a file that is gone says so', async () => {
    const { cloud, tasks } = await split()
    cloud.object = 'superseded'
    expect(await check(cloud, tasks[0]!)).toEqual({ kind: 'absent', absence: 'superseded' })
  })

  test('that waits reads one survey besides its own, and not those of all others', async () => {
    const { cloud, tasks } = await split()
    expect(tasks.length).toBeGreaterThan(8)
    for (const task of tasks.slice(0, -2)) await check(cloud, task)
    const read: string[] = []
    const find = cloud.ports.checkpoints.find.bind(cloud.ports.checkpoints)
    Object.assign(cloud.ports.checkpoints, {
      find: (key: Parameters<typeof find>[0]) => {
        if (key.key.includes('/survey')) read.push(key.key)
        return find(key)
      },
    })
    expect(await check(cloud, tasks.at(-2)!)).toEqual({ kind: 'waiting' })
    expect(read).toEqual([surveyKey(FILE, tasks.length - 1), surveyKey(FILE, tasks.length)])
  })

  test('that is surveyed last decides, is allowed at once, and queues each other segment once', async () => {
    const { cloud, tasks } = await split()
    for (const task of tasks.slice(1)) expect(await check(cloud, task)).toEqual({ kind: 'waiting' })
    expect(await check(cloud, tasks[0]!)).toMatchObject({ kind: 'allowed' })
    expect(safetyOf(cloud)).toMatchObject({ decision: 'passed', decidedBy: 1, lines: LINES.length })
    expect(cloud.queued.map(({ task }) => task.segment?.index)).toEqual(tasks.slice(1).map((task) => task.segment?.index))
  })

  test('of a plan that is not complete waits: more segments may follow', async () => {
    const { cloud, tasks } = await split()
    for (const task of tasks) if (task.segment!.index > 1) await check(cloud, task)
    const key = checkpointKey(FILE, 'plan')
    cloud.write(key, { ...(cloud.read(key) as SplitPlan), isComplete: false })
    expect(await check(cloud, tasks[0]!)).toEqual({ kind: 'waiting' })
    expect(await decide(newTask(FILE), cloud.ports)).toEqual({ kind: 'waiting' })
    expect(safetyOf(cloud)).toBeUndefined()
  })
})
