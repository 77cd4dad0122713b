import { describe, expect, test } from '@jest/globals'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { NO_BRAKE } from '../../../lambda/control/brake.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { BRAKE_KEY, replayOriginsKey, reportKey, versionOf } from '../../../lambda/keys.ts'
import { REPORT_SCHEMA, type Report } from '../../../lambda/report/report.ts'
import { reject } from '../../../lambda/reasons.ts'
import { lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import { replayOrigins } from '../../../lambda/settle/replay-origins.ts'
import { ACCEPTED, BAD_LINE, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const REPLAY: SourceFile = { bucket: 'b', key: 'incoming/replays/replay-1.json', versionId: 'r1' }
const RUN = 'run-of-the-replay'
const FIRST = { bucket: 'b', key: 'incoming/first.json', versionId: 'v0', line: 70 }

/** The dead letter of a line of FILE. */
function deadLetter(line: number, extra: object = {}) {
  const text = `line ${line}`
  const letter = lineDeadLetter(
    { file: FILE, replays: 0 },
    { number: line, byteStart: 0, byteEnd: 6, text },
    reject('invalid_json'),
    0,
    0,
  )
  return { ...letter, ...extra }
}

/** Five lines of FILE are open. A file of fixed lines replaces lines 11 to 13; line 13 was split into two. */
function withReplay(lines: readonly string[]): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.write(reportKey(FILE), {
    ...{ schema: REPORT_SCHEMA, state: 'complete-with-rejects', file: FILE, rejects: { open: 5, fixed: 0, discarded: 0 } },
    lines: { total: 20, delivered: 15, rejected: 5, undeliverable: 0, blank: 0 },
  })
  const replaced = [deadLetter(11, { origin: FIRST }), deadLetter(12), deadLetter(13), deadLetter(13)]
  cloud.write(replayOriginsKey(RUN), replayOrigins(replaced))
  cloud.replay = RUN
  cloud.put(...lines)
  return cloud
}

const runReplay = (cloud: MemoryCloud) => importFile(newTask(REPLAY), cloud.ports, invocation())
const rejectsOf = (cloud: MemoryCloud, file = FILE) => (cloud.read(reportKey(file)) as Report).rejects
const cancel = (cloud: MemoryCloud): void => {
  const cancelled = [{ key: REPLAY.key, version: versionOf(REPLAY), at: '2026-01-01T00:00:00.000Z' }]
  cloud.write(BRAKE_KEY, { ...NO_BRAKE, cancelled })
}
const ALL_GOOD = [goodLine(1), goodLine(2), goodLine(3), goodLine(4)]

describe('a file of fixed lines', () => {
  test('closes the lines that it replaces', async () => {
    const cloud = withReplay(ALL_GOOD)
    await runReplay(cloud)
    expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 3 })
    expect(rejectsOf(cloud, REPLAY)).toBeUndefined()
  })

  test('leaves a line open if one of those that replace it is rejected again, and its dead letter keeps the origin', async () => {
    const cloud = withReplay([BAD_LINE, goodLine(2), goodLine(3), BAD_LINE])
    await runReplay(cloud)
    expect(rejectsOf(cloud)).toMatchObject({ open: 4, fixed: 1 })
    expect(rejectsOf(cloud, REPLAY)).toMatchObject({ open: 2, fixed: 0 })
    const { line: _line, ...file } = FIRST
    const { etag, versionId = '' } = FILE
    expect(cloud.deadLetters).toMatchObject([
      { source: { key: REPLAY.key, line: 1 }, origin: { ...file, line: 70 } },
      { source: { key: REPLAY.key, line: 4 }, origin: { key: FILE.key, versionId, etag, line: 13 } },
    ])
  })

  test('closes nothing without the origins of its lines, or with those of another file', async () => {
    for (const lines of [ALL_GOOD.slice(0, 3), [...ALL_GOOD, goodLine(5)]]) {
      const cloud = withReplay(lines)
      await runReplay(cloud)
      expect(rejectsOf(cloud)).toMatchObject({ open: 5 })
    }
    const cloud = withReplay(ALL_GOOD)
    cloud.replay = undefined
    await runReplay(cloud)
    expect(rejectsOf(cloud)).toMatchObject({ open: 5 })
  })

  test('that is cancelled, rejected or deleted closes nothing; a copy of it closes the lines', async () => {
    // prettier-ignore
    for (const [state, change] of [
      [ 'cancelled', cancel ],
      [ 'failed',    (cloud: MemoryCloud) => { cloud.put('[', ...ALL_GOOD, ']') } ],
      [ 'gone',      (cloud: MemoryCloud) => { cloud.object = 'gone' } ],
    ] as const) {
      const cloud = withReplay(ALL_GOOD)
      change(cloud)
      await runReplay(cloud)
      expect(cloud.read(reportKey(REPLAY))).toMatchObject({ state })
      expect(rejectsOf(cloud)).toMatchObject({ open: 5, fixed: 0 })
      cloud.put(...ALL_GOOD)
      await importFile(newTask({ ...REPLAY, key: 'incoming/replays/replay-1-again.json' }), cloud.ports, invocation())
      expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 3 })
    }
  })

  test.each([
    ['a line is fixed, it is closed', [goodLine(1), BAD_LINE, goodLine(3), goodLine(4)], { open: 4, fixed: 1 }],
    [
      'a piece of a line is fixed, and the other was not sent, it is not',
      [...ALL_GOOD.slice(0, 3), BAD_LINE],
      { open: 5, fixed: 0 },
    ],
  ])('that was cancelled: if %s', async (_what, lines, rejects) => {
    const cloud = withReplay(lines)
    cloud.answer = (path) => {
      if (!path.includes('p3')) return ACCEPTED
      cancel(cloud)
      return { kind: 'status', status: 429, retryAfter: '60' }
    }
    await runReplay(cloud)
    expect(cloud.read(reportKey(REPLAY))).toMatchObject({ state: 'cancelled', lines: { delivered: 2, rejected: 1 } })
    cloud.answer = () => ACCEPTED
    await replayDeadLetter({ ...cloud.deadLetters[0]!, line: goodLine(4) }, cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject(rejects)
  })

  test('closes lines that were rejected again when their dead letters are redriven, also before the file is done', async () => {
    const cloud = withReplay([BAD_LINE, goodLine(2), goodLine(3), BAD_LINE])
    cloud.onWrite = (key) => {
      if (key === reportKey(REPLAY)) throw new Error('killed')
    }
    await expect(runReplay(cloud)).rejects.toThrow('killed')
    const [first, second] = cloud.deadLetters
    cloud.onWrite = () => undefined
    await replayDeadLetter({ ...first!, line: goodLine(1) }, cloud.ports)
    await runReplay(cloud)
    expect([rejectsOf(cloud), rejectsOf(cloud, REPLAY)]).toMatchObject([
      { open: 3, fixed: 2 },
      { open: 1, fixed: 1 },
    ])
    await replayDeadLetter({ ...second!, line: goodLine(4) }, cloud.ports)
    expect([rejectsOf(cloud), rejectsOf(cloud, REPLAY)]).toMatchObject([
      { open: 2, fixed: 3 },
      { open: 0, fixed: 2 },
    ])
  })

  test('that is killed at any write, and tried again, never counts too many lines as closed, and all of them in the end', async () => {
    for (let killedAt = 1, isKilled = true; isKilled; killedAt += 1) {
      const cloud = withReplay(ALL_GOOD)
      let writes = 0
      isKilled = false
      cloud.onWrite = () => {
        writes += 1
        isKilled ||= writes >= killedAt
        if (isKilled) throw new Error('killed')
        const { open = 0 } = rejectsOf(cloud) ?? {}
        expect(5 - open).toBeLessThanOrEqual(new Set(cloud.requests).size)
      }
      await runReplay(cloud).catch(() => undefined)
      cloud.onWrite = () => undefined
      await cloud.clock.sleep(60_000)
      await runReplay(cloud)
      expect(rejectsOf(cloud)).toMatchObject({ open: 2, fixed: 3 })
    }
  })

  test('that is split into segments closes the lines of all of them', async () => {
    const cloud = withReplay([goodLine(1), goodLine(2), BAD_LINE, goodLine(4)])
    const { limits } = cloud.ports
    const ports = { ...cloud.ports, limits: { ...limits, segmentBytes: 60 } }
    await importFile(newTask(REPLAY), ports, invocation())
    for (const { task } of cloud.queued) await importFile(task, ports, invocation())
    expect(cloud.queued.length).toBeGreaterThan(1)
    expect([rejectsOf(cloud), rejectsOf(cloud, REPLAY)]).toMatchObject([
      { open: 3, fixed: 2 },
      { open: 1, fixed: 0 },
    ])
  })
})

test('only undeliverable lines are recorded of a file that is not a replay', async () => {
  const cloud = new MemoryCloud({ answer: (path) => (path.includes('p2') ? { kind: 'status', status: 413 } : ACCEPTED) })
  cloud.put(goodLine(1), goodLine(2), BAD_LINE)
  await importFile(newTask(FILE), cloud.ports, invocation())
  expect(cloud.checkpoint()).toMatchObject({ undelivered: [[2, 2]] })
})
