import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import { ACCEPTED, BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const LINES = [goodLine(1), BAD_LINE, goodLine(2)]

function withFile(options: ConstructorParameters<typeof MemoryCloud>[0] = {}): MemoryCloud {
  const cloud = new MemoryCloud(options)
  cloud.put(...LINES)
  return cloud
}

/** Imports the file, and everything that is queued meanwhile. */
async function importAll(cloud: MemoryCloud, first: Task = newTask(FILE)): Promise<void> {
  for (let task: Task | undefined = first; task !== undefined; task = cloud.queued.shift()?.task)
    await importFile(task, cloud.ports, invocation())
}

describe('a file', () => {
  test('is imported, and reported', async () => {
    const cloud = withFile()
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      lines: { total: 3, delivered: 2, rejected: 1 },
      invocations: 1,
    })
    expect(cloud.codes).toEqual(['file_opened', 'file_imported'])
  })

  test('that is large is split, and imported segment by segment', async () => {
    const cloud = withFile({ limits: { segmentBytes: 40 } })
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { total: 3, delivered: 2, rejected: 1 } })
    expect(cloud.report?.segments?.length).toBeGreaterThan(1)
  })

  describe('that was split stays split, if before its second segment', () => {
    async function withFirstSegmentDone(): Promise<MemoryCloud> {
      const cloud = withFile({ limits: { segmentBytes: 40 } })
      await importFile(newTask(FILE), cloud.ports, invocation())
      await importFile(cloud.queued.shift()!.task, cloud.ports, invocation())
      return cloud
    }

    test('the object is deleted and its event arrives again', async () => {
      const cloud = await withFirstSegmentDone()
      cloud.object = 'gone'
      await importFile(newTask(FILE), cloud.ports, invocation())
      expect(cloud.report).toMatchObject({ state: 'importing' })
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'gone', lines: { delivered: 1 } })
    })

    test('the segment size is raised and its event arrives again', async () => {
      const cloud = await withFirstSegmentDone()
      Object.assign(cloud.ports.limits, { segmentBytes: 1_000_000 })
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { total: 3, delivered: 2, rejected: 1 } })
      expect(cloud.report?.segments?.length).toBeGreaterThan(1)
    })
  })

  test('that is compressed is never split', async () => {
    const cloud = new MemoryCloud({ limits: { segmentBytes: 40 } })
    cloud.object = gzipSync(LINES.join('\n'))
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ lines: { total: 3 } })
    expect(cloud.report).not.toHaveProperty('segments')
  })

  test('that is small according to its event is not opened to find out', async () => {
    const cloud = withFile()
    let opens = 0
    const open = cloud.ports.files.open.bind(cloud.ports.files)
    Object.assign(cloud.ports.files, {
      open: (...args: Parameters<typeof open>) => {
        opens += 1
        return open(...args)
      },
    })
    await importFile(newTask({ ...FILE, bytes: 100 }), cloud.ports, invocation())
    expect(opens).toBe(1)
  })

  describe('that is short according to its event', () => {
    const task = newTask({ ...FILE, bytes: 100 })
    /** The states of the reports that are written. */
    async function statesOf(cloud: MemoryCloud): Promise<readonly ReportState[]> {
      const states: ReportState[] = []
      const replace = cloud.ports.reports.replace.bind(cloud.ports.reports)
      Object.assign(cloud.ports.reports, {
        replace: (...args: Parameters<typeof replace>) => {
          states.push(args[2].state)
          return replace(...args)
        },
      })
      await importFile(task, cloud.ports, invocation()).catch(() => undefined)
      return states
    }

    test('has one report', async () => {
      expect(await statesOf(withFile())).toEqual(['complete-with-rejects'])
    })

    test('is reported as importing if Kissmetrics is down', async () => {
      const cloud = withFile({ answer: () => DOWN })
      expect((await statesOf(cloud)).at(-1)).toBe('importing')
    })

    test('is reported as importing if the setup is wrong', async () => {
      const cloud = withFile({ answer: () => ({ kind: 'status', status: 401 }) })
      expect((await statesOf(cloud)).at(-1)).toBe('importing')
    })
  })

  test('that is gone is reported as missing', async () => {
    const cloud = new MemoryCloud()
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({ state: 'gone' })
  })
})

describe('a file is skipped', () => {
  // prettier-ignore
  test.each<[ReportState, boolean]>([
    //  if its report says        it is skipped
    [ 'complete',                 true ],
    [ 'complete-with-rejects',    true ],
    [ 'gone',                     true ],
    [ 'superseded',               true ],
    [ 'importing',                false ],
    [ 'failed',                   false ], // its dead letter was replayed
  ])('if its report says %s: %s', async (state, isSkipped) => {
    const cloud = withFile()
    cloud.write(reportKey(FILE), { state, progress: [] })
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.codes.includes('file_skipped')).toBe(isSkipped)
    expect(cloud.requests).toHaveLength(isSkipped ? 0 : 2)
  })

  test.each(['reports/incoming/a.json/v/report.json', 'checkpoints/incoming/a.json/v/000001.json'])(
    'if the importer has written it: %s',
    async (key) => {
      const cloud = withFile()
      expect(await importFile(newTask({ ...FILE, key }), cloud.ports, invocation())).toEqual({ kind: 'done' })
      expect(cloud.codes).toEqual(['message_ignored'])
    },
  )
})

describe('a file whose import is unfinished', () => {
  test('is queued again: an outage', async () => {
    const cloud = withFile()
    cloud.answer = () => DOWN
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'requeued' })
    expect(cloud.queued).toMatchObject([{ delaySeconds: 30 }])
    cloud.answer = () => ACCEPTED
    await importAll(cloud, cloud.queued.shift()!.task)
    expect(cloud.report).toMatchObject({ lines: { total: 3, delivered: 2, rejected: 1 } })
  })

  test('is queued again when the time runs out, after its checkpoint is written', async () => {
    const cloud = withFile()
    cloud.put(...Array.from({ length: 50 }, (_, index) => goodLine(index)))
    const ending = new AbortController()
    cloud.answer = () => {
      if (cloud.requests.length === 10) ending.abort(new OutOfTime())
      return ACCEPTED
    }
    expect(await importFile(newTask(FILE), cloud.ports, invocation({ ending: ending.signal }))).toEqual({ kind: 'requeued' })
    const reached = cloud.checkpoint()!.watermark.line
    expect(cloud.queued).toMatchObject([{ task: { reached }, delaySeconds: 0 }])
    await importAll(cloud, cloud.queued.shift()!.task)
    expect(cloud.report).toMatchObject({
      state: 'complete',
      lines: { total: 50, delivered: 50 },
      invocations: 2,
      repeatsPossible: 0,
    })
    expect(cloud.requests).toHaveLength(50)
  })

  test('is an error if no line was done in a whole invocation', async () => {
    const cloud = withFile()
    const ending = AbortSignal.abort(new OutOfTime())
    await expect(importFile(newTask(FILE), cloud.ports, invocation({ ending }))).rejects.toThrow(
      'ended where it began, at line 0',
    )
    expect(cloud.queued).toEqual([])
  })
})
