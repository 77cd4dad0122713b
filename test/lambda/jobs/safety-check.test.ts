import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { ACCEPTED, BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { BAD, cloudWith, GOOD, HOLD, run, runQueued, safetyOf } from './checked-files.ts'

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

  test('is held if it contains fixed lines of other files', async () => {
    const cloud = cloudWith(BAD)
    const file = { ...FILE, key: 'incoming/replays/r.jsonl' }
    await run(cloud, newTask(file))
    expect(cloud.read(reportKey(file))).toMatchObject({ state: 'held' })
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

test('a file with few lines is not held for rejected lines', async () => {
  const cloud = cloudWith([BAD_LINE, BAD_LINE, goodLine(1)], { limits: { hold: { ...HOLD, rejectedPercent: 20 } } })
  await run(cloud)
  expect(cloud.report).toMatchObject({ state: 'complete-with-rejects' })
  expect(cloud.read(checkpointKey(FILE, 1))).toMatchObject({ isDone: true })
})
