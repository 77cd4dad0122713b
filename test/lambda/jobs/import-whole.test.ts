import { describe, expect, test } from '@jest/globals'
import { OutOfTime } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import { ACCEPTED, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { importAll, withFile } from './three-lines.ts'

describe('a file that is one segment', () => {
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
