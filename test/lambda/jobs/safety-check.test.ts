import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { mergeReports } from '../../../lambda/jobs/finish.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import type { Safety } from '../../../lambda/jobs/safety.ts'
import { decideHeldFile } from '../../../lambda/jobs/safety-decision.ts'
import { checkpointKey, profileKey, reportKey, safetyKey, surveyKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import type { Profile } from '../../../lambda/survey/profile.ts'
import { BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud, type MemoryCloudOptions } from '../../support/memory-cloud.ts'

/** More than two identities that become one person trip a rule. */
const HOLD = { ...HOLD_NOTHING, aliases: 2 }

const aliases = (count: number) =>
  Array.from({ length: count }, (_, n) => `{"_p":"p${n}","_p2":"all@example.com","_t":1393344604}`)
const GOOD = [goodLine(1), goodLine(2), goodLine(3)]
const BAD = [goodLine(1), ...aliases(4), goodLine(2)]

function cloudWith(lines: readonly string[], options: MemoryCloudOptions = {}): MemoryCloud {
  const cloud = new MemoryCloud({ ...options, limits: { hold: HOLD, ...options.limits } })
  cloud.put(...lines)
  return cloud
}

const run = (cloud: MemoryCloud, task: Task = newTask(FILE)) => importFile(task, cloud.ports, invocation())

/** Everything that is queued, in order. */
async function runQueued(cloud: MemoryCloud): Promise<void> {
  for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift()) await run(cloud, next.task)
}

const safetyOf = (cloud: MemoryCloud) => cloud.read(safetyKey(FILE)) as Safety | undefined

describe('a file that trips no rule', () => {
  test('is imported, and its decision is stored before its first line is sent', async () => {
    const decided: (string | undefined)[] = []
    const cloud = cloudWith(GOOD, {
      answer: () => {
        decided.push(safetyOf(cloud)?.decision)
        return { kind: 'status', status: 200, contentType: 'image/gif' }
      },
    })
    expect(await run(cloud)).toEqual({ kind: 'done' })
    expect(decided).toEqual(['passed', 'passed', 'passed'])
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 3, delivered: 3 } })
  })

  test('is read only once if all rules are off', async () => {
    const cloud = cloudWith(BAD, { limits: { hold: HOLD_NOTHING } })
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(safetyOf(cloud)).toBeUndefined()
  })

  test('is surveyed only once if its import is interrupted by an outage', async () => {
    const cloud = cloudWith(GOOD, { answer: () => DOWN })
    await run(cloud)
    const surveyedAt = safetyOf(cloud)?.surveyedAt
    cloud.answer = () => ({ kind: 'status', status: 200, contentType: 'image/gif' })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(safetyOf(cloud)?.surveyedAt).toBe(surveyedAt)
  })
})

describe('a file that trips a rule', () => {
  test('is held: nothing of it is sent, and its report says why', async () => {
    const cloud = cloudWith(BAD)
    expect(await run(cloud)).toEqual({ kind: 'done' })
    expect(cloud.requests).toEqual([])
    expect(cloud.deadLetters).toEqual([])
    expect(cloud.queued).toEqual([])
    expect(cloud.report).toMatchObject({
      state: 'held',
      lines: { total: 6, delivered: 0 },
      hold: { rules: [{ rule: 'merged_people', line: 2 }] },
    })
    expect(cloud.codes).toEqual(['file_held'])
    expect(cloud.counted).toContainEqual({ metric: 'FilesHeld', value: 1 })
  })

  test.each(['gzip', 'an unfinished last line'])('is held too if it is %s', async (form) => {
    const cloud = cloudWith(BAD)
    const text = BAD.join('\n')
    cloud.object = form === 'gzip' ? gzipSync(text) : Buffer.from(text)
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'held' })
    expect(cloud.requests).toEqual([])
  })

  test('stays held if its message is delivered again', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    await run(cloud)
    expect(cloud.requests).toEqual([])
    expect(cloud.codes).toEqual(['file_held'])
  })

  test('is reported by the next delivery if the run was killed before its report', async () => {
    const cloud = cloudWith(BAD)
    cloud.failing.add('reports.replace')
    await expect(run(cloud)).rejects.toThrow('reports.replace failed')
    cloud.failing.clear()
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'held' })
  })

  test('keeps the decision of the run that was faster', async () => {
    const cloud = cloudWith(BAD)
    await Promise.all([run(cloud), run(cloud)])
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'held' })
  })

  test('that is released is imported as usual', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    expect(await decideHeldFile(FILE, 'released', cloud.ports)).toMatchObject({ kind: 'decided' })
    expect(cloud.report).toMatchObject({ state: 'importing' })
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 6, delivered: 6 } })
  })

  test('that is discarded sends nothing, and its report is final', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    expect(await decideHeldFile(FILE, 'discarded', cloud.ports)).toMatchObject({ kind: 'decided' })
    await run(cloud)
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'discarded', lines: { total: 0 }, hold: { rules: [{ rule: 'merged_people' }] } })
  })

  test('that is discarded stays so if its report could not be written', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    cloud.failing.add('reports.replace')
    await expect(decideHeldFile(FILE, 'discarded', cloud.ports)).rejects.toThrow('reports.replace failed')
    cloud.failing.clear()
    await run(cloud)
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'discarded' })
  })

  test('is held if it contains fixed lines of other files', async () => {
    const cloud = cloudWith(BAD)
    const file = { ...FILE, key: 'incoming/replays/r.jsonl' }
    await run(cloud, newTask(file))
    expect(cloud.read(reportKey(file))).toMatchObject({ state: 'held' })
  })
})

describe('a person decides', () => {
  // prettier-ignore
  test.each([
    //  first        then         result
    [ 'released',  'released',  'decided-before' ],
    [ 'discarded', 'discarded', 'decided-before' ],
    [ 'released',  'discarded', 'too-late' ],
    [ 'discarded', 'released',  'too-late' ],
  ] as const)('%s, then %s: %s', async (first, then, kind) => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    await decideHeldFile(FILE, first, cloud.ports)
    expect(await decideHeldFile(FILE, then, cloud.ports)).toMatchObject({ kind })
    expect(safetyOf(cloud)?.decision).toBe(first)
  })

  test.each(['passed', undefined])('nothing about a file that is %s', async (decision) => {
    const cloud = cloudWith(decision === undefined ? BAD : GOOD)
    if (decision !== undefined) await run(cloud)
    expect(await decideHeldFile(FILE, 'released', cloud.ports)).toEqual({ kind: 'not-held' })
    expect(cloud.queued).toEqual([])
  })

  test('again if the first attempt was interrupted before the file was queued', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    cloud.failing.add('importQueue.send')
    await expect(decideHeldFile(FILE, 'released', cloud.ports)).rejects.toThrow('importQueue.send failed')
    cloud.failing.clear()
    await decideHeldFile(FILE, 'released', cloud.ports)
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 6 } })
  })

  test('exactly one of two who decide at the same time', async () => {
    const cloud = cloudWith(BAD)
    await run(cloud)
    const results = await Promise.all([
      decideHeldFile(FILE, 'released', cloud.ports),
      decideHeldFile(FILE, 'discarded', cloud.ports),
    ])
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['decided', 'too-late'])
  })
})

describe('a file is imported without a survey', () => {
  test('if an earlier version of the importer has begun it', async () => {
    let requests = 0
    const answer = () => ((requests += 1) === 1 ? ACCEPTED : DOWN)
    const cloud = cloudWith(BAD, { limits: { hold: HOLD_NOTHING }, answer })
    await run(cloud)
    expect(cloud.checkpoint()?.isDone).toBe(false)
    Object.assign(cloud.ports.limits, { hold: HOLD })
    cloud.answer = () => ACCEPTED
    await runQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 6 } })
  })

  test('but not if it had a checkpoint and had sent nothing', async () => {
    const cloud = cloudWith(BAD, { limits: { hold: HOLD_NOTHING } })
    Object.assign(cloud.ports, { apiKey: () => Promise.reject(new Error('no key')) })
    await expect(run(cloud)).rejects.toThrow('no key')
    Object.assign(cloud.ports, { apiKey: () => Promise.resolve('k') })
    Object.assign(cloud.ports.limits, { hold: HOLD })
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'held' })
  })
})

const ACCEPTED = { kind: 'status', status: 200, contentType: 'image/gif' } as const

describe('a survey that cannot be completed', () => {
  test('because the time is over is tried twice more, then the file is held', async () => {
    const cloud = cloudWith(GOOD)
    const ended = AbortSignal.abort(new OutOfTime())
    let task = newTask(FILE)
    for (const surveys of [1, 2]) {
      expect(await importFile(task, cloud.ports, invocation({ ending: ended }))).toEqual({ kind: 'requeued' })
      task = cloud.queued.shift()!.task
      expect(task.surveys).toBe(surveys)
    }
    expect(await importFile(task, cloud.ports, invocation({ ending: ended }))).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({ state: 'held', hold: { rules: [{ rule: 'not_surveyed' }] } })
    expect(cloud.requests).toEqual([])
  })

  test('because the process has to stop leaves the message in the queue', async () => {
    const cloud = cloudWith(GOOD)
    const ending = AbortSignal.abort(new InterruptedError())
    expect(await importFile(newTask(FILE), cloud.ports, invocation({ ending }))).toEqual({ kind: 'interrupted' })
    expect(safetyOf(cloud)).toBeUndefined()
  })

  test('because the file is gone is reported by the import, and the object is not opened again', async () => {
    const cloud = new MemoryCloud({ limits: { hold: HOLD } })
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'gone' })
    expect(safetyOf(cloud)).toBeUndefined()
  })

  test('because the file is not one of JSON lines leaves the decision to a version that can read it', async () => {
    const cloud = new MemoryCloud({ limits: { hold: HOLD } })
    cloud.object = Buffer.from('<html>\n</html>\n')
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'failed' })
    expect(safetyOf(cloud)).toBeUndefined()
  })

  test('because the end of the file is damaged checks the lines that can be read', async () => {
    const cloud = new MemoryCloud({ limits: { hold: HOLD } })
    const packed = gzipSync(BAD.concat(Array.from({ length: 3_000 }, (_, n) => goodLine(n))).join('\n'))
    cloud.object = packed.subarray(0, packed.length - 200)
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'held' })
    expect(cloud.requests).toEqual([])
  })
})

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

describe('the profile of a prefix', () => {
  const HUNDRED = Array.from({ length: 100 }, (_, n) => goodLine(n))
  const profileOf = (cloud: MemoryCloud) => cloud.read(profileKey('incoming/a')) as Profile | undefined

  test('is updated when a file is imported, and not by a file that was held', async () => {
    const cloud = cloudWith(HUNDRED)
    await run(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
    const held = cloudWith([...HUNDRED, ...aliases(4)])
    await run(held)
    expect(profileOf(held)).toBeUndefined()
    await decideHeldFile(FILE, 'released', held.ports)
    await runQueued(held)
    expect(profileOf(held)?.files).toMatchObject([{ lines: 104 }])
  })

  test('is updated by a split file', async () => {
    const cloud = cloudWith(HUNDRED, { limits: { segmentBytes: 2_000 } })
    await run(cloud)
    await runQueued(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
  })

  test('is updated by a file whose import took several invocations', async () => {
    const cloud = cloudWith(HUNDRED, { answer: () => DOWN })
    await run(cloud)
    cloud.answer = () => ACCEPTED
    await runQueued(cloud)
    expect(profileOf(cloud)?.files).toMatchObject([{ lines: 100 }])
  })

  test.each<[string, object]>([
    ['damaged', { schema: 'x' }],
    ['of a newer version', { schema: 'kissmetrics-importer/profile/v2' }],
  ])('never stops an import: %s', async (_, document) => {
    const cloud = cloudWith(HUNDRED)
    cloud.write(profileKey('incoming/a'), document)
    await run(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
  })

  test('of a newer version stays as it is', async () => {
    const cloud = cloudWith(HUNDRED)
    const newer = { schema: 'kissmetrics-importer/profile/v2', more: true }
    cloud.write(profileKey('incoming/a'), newer)
    await run(cloud)
    expect(profileOf(cloud)).toEqual(newer)
  })

  test('is not changed by fixed lines of other files', async () => {
    const cloud = cloudWith(HUNDRED)
    await run(cloud, newTask({ ...FILE, key: 'incoming/replays/r.jsonl' }))
    expect([...cloud.documents.keys()].filter((key) => key.includes('profile'))).toEqual([])
  })
})

test('a file with few lines is not held for rejected lines', async () => {
  const cloud = cloudWith([BAD_LINE, BAD_LINE, goodLine(1)], { limits: { hold: { ...HOLD, rejectedPercent: 20 } } })
  await run(cloud)
  expect(cloud.report).toMatchObject({ state: 'complete-with-rejects' })
  expect(cloud.read(checkpointKey(FILE, 1))).toMatchObject({ isDone: true })
})
