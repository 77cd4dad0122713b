import { describe, expect, test } from '@jest/globals'
import { NO_BRAKE, withCancellation, withPause, type Brake } from '../../../lambda/control/brake.ts'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { replayDeadLetter } from '../../../lambda/jobs/replay.ts'
import { BRAKE_KEY } from '../../../lambda/keys.ts'
import { reject } from '../../../lambda/reasons.ts'
import { HOLD_NOTHING } from '../../../lambda/settings/hold.ts'
import { lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import { ACCEPTED, BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const AT = '2026-01-01T00:00:00.000Z'
const PAUSED = withPause(NO_BRAKE, AT)
const CANCELLED = withCancellation(NO_BRAKE, { key: FILE.key, version: 'v1', at: AT })!
/** Lines of which every tenth is rejected. */
const LINES = Array.from({ length: 200 }, (_, index) => (index % 10 === 9 ? BAD_LINE : goodLine(index)))
/** Two requests each 20 ms, so 200 lines take about two seconds. */
const SLOW = { limits: { maxInFlight: 2 } }

function cloudWith(brake: Brake, options: ConstructorParameters<typeof MemoryCloud>[0] = SLOW): MemoryCloud {
  const cloud = new MemoryCloud(options)
  cloud.put(...LINES)
  cloud.write(BRAKE_KEY, brake)
  return cloud
}

/** Gives an order after the n-th request. */
function orderAt(cloud: MemoryCloud, request: number, brake: Brake): void {
  cloud.answer = () => {
    if (cloud.requests.length === request) cloud.write(BRAKE_KEY, brake)
    return ACCEPTED
  }
}

let messages = 0
/** Each message has an id of its own. */
const importOnce = (cloud: MemoryCloud, task: Task = newTask(FILE)) =>
  importFile(task, cloud.ports, invocation({ messageId: `m${(messages += 1)}` }))

/** Imports everything that is queued. */
async function importQueued(cloud: MemoryCloud): Promise<void> {
  for (let task = cloud.queued.shift()?.task; task !== undefined; task = cloud.queued.shift()?.task) await importOnce(cloud, task)
}

/** The numbers of the lines whose requests were sent, in order. */
const sentLines = ({ requests }: MemoryCloud) => requests.map((path) => Number(/_p=p(\d+)/.exec(path)?.[1]) + 1)

describe('while imports are paused', () => {
  test('a new file waits for a minute at a time, and its report says so', async () => {
    const cloud = cloudWith(PAUSED)
    expect(await importOnce(cloud)).toEqual({ kind: 'requeued' })
    expect(cloud.requests).toEqual([])
    expect(cloud.queued).toMatchObject([{ task: { file: FILE, reached: 0, delays: 0 }, delaySeconds: 60 }])
    expect(cloud.report).toMatchObject({ state: 'importing', paused: { since: AT }, lines: { total: 0 } })
    expect(cloud.codes).toEqual(['imports_paused'])
    expect(cloud.counted).toContainEqual({ metric: 'Paused', value: 1 })
  })

  test('a running import stops within one look, finishes what is in flight, and waits', async () => {
    const cloud = cloudWith(NO_BRAKE)
    orderAt(cloud, 20, PAUSED)
    expect(await importOnce(cloud)).toEqual({ kind: 'requeued' })
    const { length } = cloud.requests
    expect(length).toBeLessThan(LINES.length)
    expect(cloud.checkpoint()).toMatchObject({ isDone: false, leaseHolder: { until: 0 }, repeatsPossible: 0 })
    expect(cloud.report).toMatchObject({ state: 'importing', paused: { since: AT }, lines: cloud.checkpoint()?.counts.lines })
    expect(cloud.queued).toMatchObject([{ delaySeconds: 60 }])
    cloud.write(BRAKE_KEY, NO_BRAKE)
    await importQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { delivered: 180, rejected: 20 } })
    expect(cloud.report).not.toHaveProperty('paused')
    expect(new Set(cloud.requests).size).toBe(cloud.requests.length)
  })

  test('a file whose survey took longer than a look sends nothing: the order came meanwhile', async () => {
    const cloud = cloudWith(NO_BRAKE, { limits: { ...SLOW.limits, hold: { ...HOLD_NOTHING, aliases: 10 } } })
    const open = cloud.ports.files.open.bind(cloud.ports.files)
    let opened = 0
    Object.assign(cloud.ports.files, {
      open: async (...args: Parameters<typeof open>) => {
        opened += 1
        if (opened === 1) await cloud.clock.sleep(60_000)
        cloud.write(BRAKE_KEY, PAUSED)
        return open(...args)
      },
    })
    expect(await importOnce(cloud)).toEqual({ kind: 'requeued' })
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'importing', paused: { since: AT } })
  })

  test('the copies of a message do not multiply', async () => {
    const cloud = cloudWith(PAUSED)
    for (let copy = 0; copy < 5; copy += 1) await importOnce(cloud)
    expect(cloud.queued).toHaveLength(1)
    expect(cloud.codes.filter((code) => code === 'copy_deleted')).toHaveLength(4)
  })

  test('each message that waits is followed by another, for as long as the pause lasts', async () => {
    const cloud = cloudWith(PAUSED)
    await importOnce(cloud)
    for (let minute = 0; minute < 90; minute += 1) {
      await cloud.clock.sleep(60_000)
      expect(await importOnce(cloud, cloud.queued.shift()!.task)).toEqual({ kind: 'requeued' })
      expect(cloud.clock.now() - Date.parse(cloud.report?.updatedAt ?? '')).toBeLessThan(30 * 60_000)
    }
    expect(cloud.queued).toHaveLength(1)
  })

  test('a message that is delivered early, by a clock that differs, is not taken for a copy of itself', async () => {
    const cloud = cloudWith(PAUSED)
    await importOnce(cloud)
    expect(await importOnce(cloud, cloud.queued.shift()!.task)).toEqual({ kind: 'requeued' })
    expect(cloud.queued).toHaveLength(1)
  })

  test('a message that was lost is replaced by a copy, when it is overdue', async () => {
    const cloud = cloudWith(PAUSED)
    await importOnce(cloud)
    cloud.queued.length = 0
    await cloud.clock.sleep(16 * 60_000)
    await importOnce(cloud)
    expect(cloud.queued).toHaveLength(1)
  })

  test('each segment of a split file waits for itself', async () => {
    const cloud = cloudWith(NO_BRAKE, { limits: { segmentBytes: 3_000 } })
    await importOnce(cloud)
    const segments = cloud.queued.length
    cloud.write(BRAKE_KEY, PAUSED)
    for (const { task } of cloud.queued.splice(0)) await importOnce(cloud, task)
    expect(segments).toBeGreaterThan(1)
    expect(cloud.queued).toHaveLength(segments)
    expect(cloud.report).toMatchObject({ state: 'importing', paused: { since: AT } })
  })

  test('a dead letter that is replayed waits as well', async () => {
    const cloud = cloudWith(PAUSED)
    const line = { number: 3, byteStart: 0, byteEnd: goodLine().length, text: goodLine() }
    const deadLetter = lineDeadLetter({ file: FILE, replays: 0 }, line, reject('endpoint_refused'), 1, 0)
    expect(await replayDeadLetter(deadLetter, cloud.ports)).toEqual({ kind: 'requeued' })
    expect(cloud.requests).toEqual([])
    expect(cloud.sent).toEqual([{ body: expect.stringContaining('"replays":0') as unknown, delaySeconds: 60 }])
  })

  test('a dead letter that is replayed is not sent if the order came while its line was searched', async () => {
    const cloud = cloudWith(NO_BRAKE)
    const open = cloud.ports.files.open.bind(cloud.ports.files)
    Object.assign(cloud.ports.files, {
      open: async (...args: Parameters<typeof open>) => {
        await cloud.clock.sleep(60_000)
        cloud.write(BRAKE_KEY, PAUSED)
        return open(...args)
      },
    })
    const line = { number: 3, byteStart: 0, byteEnd: goodLine().length, text: goodLine() }
    const { line: _whole, ...cut } = lineDeadLetter({ file: FILE, replays: 0 }, line, reject('endpoint_refused'), 1, 0)
    expect(await replayDeadLetter(cut, cloud.ports)).toEqual({ kind: 'requeued' })
    expect(cloud.requests).toEqual([])
  })

  test('a file that is imported already does not wait', async () => {
    const cloud = cloudWith(NO_BRAKE)
    await importOnce(cloud)
    cloud.write(BRAKE_KEY, PAUSED)
    expect(await importOnce(cloud)).toEqual({ kind: 'done' })
    expect(cloud.queued).toEqual([])
  })
})

describe('a cancelled file', () => {
  test('that has not begun ends without a request', async () => {
    const cloud = cloudWith(CANCELLED)
    expect(await importOnce(cloud)).toEqual({ kind: 'done' })
    expect(cloud.requests).toEqual([])
    expect(cloud.report).toMatchObject({
      state: 'cancelled',
      lines: { total: 0, delivered: 0 },
      cancelled: { at: AT, settled: [], unsure: [] },
    })
    expect(cloud.codes).toEqual(['import_cancelled'])
  })

  test('that is being imported ends, and its report lists exactly the lines that were settled', async () => {
    const cloud = cloudWith(NO_BRAKE)
    orderAt(cloud, 20, CANCELLED)
    expect(await importOnce(cloud)).toEqual({ kind: 'done' })
    const { cancelled, lines } = cloud.report!
    expect(cloud.report).toMatchObject({ state: 'cancelled', cancelled: { at: AT, unsure: [] } })
    expect(lines.total).toBeLessThan(LINES.length)
    expect(lines.total).toBe(lines.delivered + lines.rejected + lines.undeliverable + lines.blank)
    const settled = new Set(cancelled!.settled.flatMap(([first, last]) => range(first, last)))
    const valid = [...settled].filter((line) => LINES[line - 1] !== BAD_LINE)
    expect(sentLines(cloud).toSorted((a, b) => a - b)).toEqual(valid.toSorted((a, b) => a - b))
    expect(settled.size).toBe(lines.total)
    expect(cloud.deadLetters).toHaveLength(lines.rejected)
  })

  test('is never imported again, whatever asks for it', async () => {
    const cloud = cloudWith(CANCELLED)
    await importOnce(cloud)
    cloud.write(BRAKE_KEY, NO_BRAKE) // cancellations are removed when their report is final
    for (const task of [newTask(FILE), newTask(FILE, 1), { ...newTask(FILE), foundBySearch: true as const }])
      expect(await importOnce(cloud, task)).toEqual({ kind: 'done' })
    expect(cloud.requests).toEqual([])
    expect(cloud.report?.state).toBe('cancelled')
  })

  test('that was uploaded again is a new file', async () => {
    const cloud = cloudWith(CANCELLED)
    await importOnce(cloud, newTask({ ...FILE, versionId: 'v2' }))
    expect(cloud.requests).toHaveLength(180)
  })

  test('that waits after an outage ends at once, if a search asks for it', async () => {
    const cloud = cloudWith(NO_BRAKE)
    cloud.answer = () => (cloud.requests.length > 20 ? DOWN : ACCEPTED)
    await importOnce(cloud)
    cloud.write(BRAKE_KEY, CANCELLED)
    await importOnce(cloud, { ...newTask(FILE), foundBySearch: true })
    expect(cloud.report).toMatchObject({ state: 'cancelled', lines: { delivered: expect.any(Number) as unknown } })
    // The lines that failed may have been accepted, for all that is known.
    expect(cloud.report!.cancelled!.unsure.length).toBeGreaterThan(0)
  })

  test('ends while imports are paused', async () => {
    const cloud = cloudWith(withPause(CANCELLED, AT))
    await importOnce(cloud)
    expect(cloud.report?.state).toBe('cancelled')
  })

  test('whose invocation was killed says which lines it may have sent', async () => {
    const cloud = cloudWith(NO_BRAKE)
    const killed = new Promise<never>(() => undefined)
    cloud.answer = () => {
      if (cloud.requests.length === 10) cloud.ports.checkpoints.put = () => killed
      return ACCEPTED
    }
    const put = cloud.ports.checkpoints.put.bind(cloud.ports.checkpoints)
    void importOnce(cloud)
    await cloud.clock.sleep(10_000) // longer than its lease
    cloud.ports.checkpoints.put = put
    cloud.write(BRAKE_KEY, CANCELLED)
    await importOnce(cloud)
    const { settled, unsure } = cloud.report!.cancelled!
    expect(settled).toEqual([])
    expect(unsure).toEqual([[1, 96]]) // 48 for each request in flight
    expect(Math.max(...sentLines(cloud))).toBeLessThanOrEqual(96)
  })

  test('that is being split ends when each segment has ended', async () => {
    const cloud = cloudWith(NO_BRAKE, { limits: { maxInFlight: 2, segmentBytes: 3_000 } })
    await importOnce(cloud)
    const segments = cloud.queued.length
    await importOnce(cloud, cloud.queued.shift()!.task)
    orderAt(cloud, cloud.requests.length + 10, CANCELLED)
    await importQueued(cloud)
    const { cancelled, lines, state } = cloud.report!
    expect(segments).toBeGreaterThan(2)
    expect(state).toBe('cancelled')
    const settled = cancelled!.settled.flatMap(([first, last]) => range(first, last))
    expect(settled).toHaveLength(lines.total)
    expect(lines.total).toBeGreaterThan(0)
    expect(lines.total).toBeLessThan(LINES.length)
    expect(cloud.requests).toHaveLength(lines.delivered)
  })

  test('that was split lists the lines of each segment, whichever message ends it', async () => {
    const cloud = cloudWith(NO_BRAKE, { limits: { segmentBytes: 3_000 } })
    await importOnce(cloud)
    const segments = cloud.queued.splice(0)
    await importOnce(cloud, segments[1]!.task)
    cloud.write(BRAKE_KEY, CANCELLED)
    await importOnce(cloud, { ...newTask(FILE), foundBySearch: true })
    await importQueued(cloud)
    const { firstLine, lines } = segments[1]!.task.segment!
    expect(cloud.report).toMatchObject({
      state: 'cancelled',
      lines: { total: lines },
      cancelled: { settled: [[firstLine, firstLine + lines - 1]], unsure: [] },
    })
  })

  test('whose segments have all ended is complete', async () => {
    const cloud = cloudWith(NO_BRAKE, { limits: { segmentBytes: 3_000 } })
    await importOnce(cloud)
    await importQueued(cloud)
    cloud.write(BRAKE_KEY, CANCELLED)
    await importOnce(cloud)
    expect(cloud.report?.state).toBe('complete-with-rejects')
  })

  describe.each([
    ['at once', 0],
    ['after its run was interrupted', 1],
  ])('while it is split and surveyed: the splitter, %s,', (_when, failures) => {
    test('queues the segments that wait for the survey of the others', async () => {
      const cloud = cloudWith(NO_BRAKE, { limits: { segmentBytes: 6_000, hold: { ...HOLD_NOTHING, aliases: 2 } } })
      const send = cloud.ports.importQueue.send.bind(cloud.ports.importQueue)
      let queued = 0
      Object.assign(cloud.ports.importQueue, {
        send: async (body: string, delay: number) => {
          await send(body, delay)
          if ((queued += 1) !== 2) return
          await importOnce(cloud, cloud.queued.shift()!.task) // surveyed, waits for the others
          cloud.write(BRAKE_KEY, CANCELLED)
          // The command asks for the file, and that message is left to the splitter.
          expect(await importOnce(cloud, { ...newTask(FILE), foundBySearch: true })).toEqual({ kind: 'yielded' })
          await importOnce(cloud, cloud.queued.shift()!.task) // cancelled before it was surveyed
          if (failures > 0) cloud.failing.add('documents.find')
        },
      })
      const splitting = importOnce(cloud)
      if (failures > 0) {
        await expect(splitting).rejects.toThrow('documents.find failed')
        cloud.failing.clear()
        await importOnce(cloud)
      } else await splitting
      await importQueued(cloud)
      expect(cloud.requests).toEqual([])
      expect(cloud.report).toMatchObject({ state: 'cancelled', cancelled: { settled: [], unsure: [] } })
    })
  })

  test('that is large is not split any more', async () => {
    const cloud = cloudWith(CANCELLED, { limits: { segmentBytes: 3_000 } })
    await importOnce(cloud)
    expect(cloud.queued).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'cancelled', cancelled: { settled: [], unsure: [] } })
  })
})

describe('a brake that cannot be read', () => {
  test('does not stop a running import', async () => {
    const cloud = cloudWith(NO_BRAKE)
    orderAt(cloud, 20, PAUSED)
    const { answer } = cloud
    cloud.answer = (path) => {
      if (cloud.requests.length < 170) cloud.failing.add('documents.find')
      else cloud.failing.clear()
      return answer(path)
    }
    await importOnce(cloud)
    expect(cloud.report?.state).toBe('complete-with-rejects')
  })

  test('lets no import begin', async () => {
    const cloud = cloudWith(NO_BRAKE)
    cloud.failing.add('documents.find')
    await expect(importOnce(cloud)).rejects.toThrow('documents.find failed')
    expect(cloud.requests).toEqual([])
  })

  test('of a newer version stops a running import', async () => {
    const cloud = cloudWith(NO_BRAKE)
    orderAt(cloud, 20, { schema: 'kissmetrics-importer/brake/v2' } as unknown as Brake)
    await expect(importOnce(cloud)).rejects.toThrow(NewerVersionError)
    expect(cloud.requests.length).toBeLessThan(180)
    expect(cloud.checkpoint()).toMatchObject({ leaseHolder: { until: 0 } })
  })
})

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
