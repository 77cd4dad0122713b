import { describe, expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { closeGroups } from '../../../lambda/jobs/close-groups.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { groupsKey, quarantineKey, reportKey, safetyKey } from '../../../lambda/keys.ts'
import type { LineRanges } from '../../../lambda/common/line-ranges.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import {
  BAD_LINE,
  DOWN,
  ACCEPTED,
  FILE,
  goodLine,
  invocation,
  MemoryCloud,
  type MemoryCloudOptions,
} from '../../support/memory-cloud.ts'

/** More than twenty lines with the same reason hold a file. */
const HOLD = { ...HOLD_NOTHING, sameReasonLines: 20 }
const OTHER = '{"_p":'
/** 30 lines without a time, and one that is not JSON, among 120: files of fewer than 100 are not checked for mistakes. */
const LINES = Array.from({ length: 120 }, (_, n) => (n >= 50 && n < 70 ? BAD_LINE : n >= 90 && n < 110 && n % 2 === 0 ? BAD_LINE : n === 80 ? OTHER : goodLine(n))) // prettier-ignore
const RANGES: LineRanges = [[51, 70], ...Array.from({ length: 10 }, (_, n) => [91 + 2 * n, 91 + 2 * n] as const)]
const COUNTS = { total: 120, delivered: 89, rejected: 31, undeliverable: 0, blank: 0 }

function cloudWith(options: MemoryCloudOptions = {}): MemoryCloud {
  const cloud = new MemoryCloud({ ...options, limits: { hold: HOLD, ...options.limits } })
  cloud.put(...LINES)
  return cloud
}

const run = (cloud: MemoryCloud, task: Task = newTask(FILE)) => importFile(task, cloud.ports, invocation())

async function runQueued(cloud: MemoryCloud): Promise<void> {
  for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift()) await run(cloud, next.task)
}

/** The file is held, released, and imported to its end. */
async function importReleased(cloud: MemoryCloud): Promise<void> {
  await run(cloud)
  await runQueued(cloud)
  expect(cloud.report?.state).toBe('held')
  await decideHeldFile(FILE, 'released', cloud.ports)
  await runQueued(cloud)
}

const kindsOf = ({ deadLetters }: MemoryCloud) => deadLetters.map(({ kind, reason }) => `${kind} ${reason}`).toSorted()

const EXPECTED = ['group missing_timestamp', 'line invalid_json']

describe('a file with the same mistake on many lines that is released', () => {
  test.each([
    ['whole', {}],
    ['split', { limits: { segmentBytes: 1_000 } }],
  ] as const)('has one dead letter for them: %s', async (_how, options) => {
    const cloud = cloudWith(options)
    await importReleased(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
    const { group, detail, source } = cloud.deadLetters.find(({ kind }) => kind === 'group')!
    expect(group).toMatchObject({ lines: 30, ranges: RANGES })
    expect(group?.isCoarse).toBeUndefined()
    expect(group?.examples[0]).toMatchObject({ number: 51, line: BAD_LINE })
    expect(detail).toMatch(/^30 lines were rejected for this reason: The time is missing\./)
    expect(source).toEqual({ bucket: 'b', key: 'incoming/a.json', versionId: 'v1', etag: 'e' })
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      lines: COUNTS,
      rejects: { open: 31, fixed: 0, discarded: 0 },
      rejectedBy: { missing_timestamp: { count: 30 }, invalid_json: { count: 1 } },
      grouped: { missing_timestamp: 30 },
    })
  })

  test('has this in its decision, which every run reads', async () => {
    const cloud = cloudWith()
    await importReleased(cloud)
    expect(cloud.read(safetyKey(FILE))).toMatchObject({ decision: 'released', grouped: ['missing_timestamp'] })
    expect(cloud.checkpoint()?.grouped).toEqual(['missing_timestamp'])
  })

  test('also if the settings are changed after its release', async () => {
    const cloud = cloudWith()
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    Object.assign(cloud.ports.limits, { hold: HOLD_NOTHING })
    await runQueued(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
  })

  test('in a run that has surveyed it while others held and released it', async () => {
    const cloud = cloudWith()
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    const released = cloud.read(safetyKey(FILE)) as Safety
    cloud.documents.clear()
    cloud.onWrite = (key) => {
      if (key === safetyKey(FILE) && cloud.read(key) === undefined) cloud.write(key, released)
    }
    await run(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
  })

  test('keeps a dead letter for each line if an earlier version has released it', async () => {
    const cloud = cloudWith()
    await run(cloud)
    const { decision: _decision, ...safety } = cloud.read(safetyKey(FILE)) as Safety
    cloud.write(safetyKey(FILE), { ...safety, decision: 'released' })
    await run(cloud)
    expect(cloud.deadLetters).toHaveLength(31)
    expect(cloud.report?.grouped).toBeUndefined()
  })

  test('and is deleted before its end has a dead letter for the lines until then', async () => {
    let requests = 0
    const cloud = cloudWith({ answer: () => ((requests += 1) > 60 ? DOWN : ACCEPTED) })
    await importUntilOutage(cloud)
    const before = cloud.checkpoint()?.groups?.missing_timestamp?.lines ?? 0
    expect(before).toBeGreaterThan(0)
    cloud.object = 'gone'
    await runQueued(cloud)
    expect(cloud.report?.state).toBe('gone')
    expect(cloud.deadLetters.find(({ kind }) => kind === 'group')?.group?.lines).toBe(before)
  })
})

/** The same until the first outage. */
async function importUntilOutage(cloud: MemoryCloud): Promise<void> {
  await run(cloud)
  await decideHeldFile(FILE, 'released', cloud.ports)
  await run(cloud, cloud.queued.shift()!.task)
}

describe('a run that ends early', () => {
  test('leaves its lines to the next run, which counts each once', async () => {
    let requests = 0
    const cloud = cloudWith({ answer: () => ((requests += 1) > 60 ? DOWN : ACCEPTED) })
    await importUntilOutage(cloud)
    expect(cloud.deadLetters.filter(({ kind }) => kind === 'group')).toEqual([])
    cloud.answer = () => ACCEPTED
    await runQueued(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
    expect(cloud.deadLetters.find(({ kind }) => kind === 'group')?.group).toMatchObject({ lines: 30, ranges: RANGES })
    expect(cloud.report?.lines).toEqual(COUNTS)
  })

  test('because the dead letter is not accepted writes no final report', async () => {
    const cloud = cloudWith()
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    const sendBatch = cloud.ports.deadLetters.sendBatch.bind(cloud.ports.deadLetters)
    Object.assign(cloud.ports.deadLetters, {
      sendBatch: (batch: Parameters<typeof sendBatch>[0]) =>
        batch.some(({ body }) => body.includes('"kind":"group"')) ? Promise.reject(new Error('SQS is down')) : sendBatch(batch),
    })
    await expect(run(cloud)).rejects.toThrow('SQS is down')
    expect(cloud.report?.state).toBe('importing')
    Object.assign(cloud.ports.deadLetters, { sendBatch })
    await run(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
  })

  test('after it has noted the dead letter does not send it again', async () => {
    const cloud = cloudWith()
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    cloud.onWrite = (key) => {
      if (key === reportKey(FILE) && cloud.read(groupsKey(FILE)) !== undefined) throw new Error('killed')
    }
    await expect(run(cloud)).rejects.toThrow('killed')
    cloud.onWrite = () => undefined
    await run(cloud)
    expect(kindsOf(cloud)).toEqual(EXPECTED)
    expect(cloud.report?.state).toBe('complete-with-rejects')
  })
})

describe('the report', () => {
  const groupOf = ({ deadLetters }: MemoryCloud) => deadLetters.filter(({ kind }) => kind === 'group')

  test('counts a group that was discarded before it is final', async () => {
    const cloud = cloudWith()
    await run(cloud)
    await decideHeldFile(FILE, 'released', cloud.ports)
    let isFirst = true
    const replace = cloud.ports.reports.replace.bind(cloud.ports.reports)
    Object.assign(cloud.ports.reports, {
      replace: async (...args: Parameters<typeof replace>) => {
        if (isFirst && groupOf(cloud).length > 0) {
          isFirst = false
          await closeGroups(groupOf(cloud), cloud.ports)
        }
        return replace(...args)
      },
    })
    await run(cloud)
    expect(cloud.report?.rejects).toMatchObject({ open: 1, fixed: 0, discarded: 30 })
  })
})

describe('the dead letter of a group that is redriven', () => {
  test('stays as it is, and is quarantined at the third time', async () => {
    const cloud = cloudWith()
    await importReleased(cloud)
    const [group] = cloud.deadLetters.filter(({ kind }) => kind === 'group')
    cloud.deadLetters.length = 0
    const requests = cloud.requests.length
    await replayDeadLetter(group!, cloud.ports)
    expect(cloud.deadLetters).toMatchObject([{ kind: 'group', group: group!.group, replays: 1 }])
    expect(cloud.requests).toHaveLength(requests)
    await replayDeadLetter({ ...group!, replays: 2 }, cloud.ports)
    expect([...cloud.archivedFiles.keys()]).toEqual([quarantineKey(FILE, undefined, 'missing_timestamp')])
  })
})
