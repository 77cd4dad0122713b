import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { SAFETY_SCHEMA, type Safety } from '../../../lambda/jobs/safety.ts'
import { absenceOf, groupedBy, whenStopped } from '../../../lambda/jobs/when-stopped.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const SAFETY: Safety = {
  ...{ schema: SAFETY_SCHEMA, decision: 'held', holds: [{ rule: 'new_names', detail: 'd' }], lines: 7, bytes: 90 },
  ...{ surveyedAt: '2026-01-01T00:00:00.000Z', decidedAt: '2026-01-01T00:00:00.000Z' },
}

describe('a file that may not be imported now', () => {
  test('is reported as held', async () => {
    const cloud = new MemoryCloud()
    const outcome = await whenStopped({ kind: 'stopped', safety: SAFETY }, newTask(FILE), undefined, cloud.ports)
    expect(outcome).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({ state: 'held', lines: { total: 7 } })
    expect(cloud.queued).toEqual([])
  })

  test('is queued again if its survey ran out of time, and each time is counted', async () => {
    const cloud = new MemoryCloud()
    for (const surveys of [undefined, 1, 2]) {
      const task = { ...newTask(FILE), ...(surveys !== undefined && { surveys }) }
      expect(await whenStopped({ kind: 'out-of-time' }, task, undefined, cloud.ports)).toEqual({ kind: 'requeued' })
    }
    expect(cloud.queued.map(({ task }) => task.surveys)).toEqual([1, 2, 3])
    expect(cloud.report).toBeUndefined()
  })

  test('stays with its message if the function was interrupted', async () => {
    const cloud = new MemoryCloud()
    const outcome = await whenStopped({ kind: 'interrupted' }, newTask(FILE), undefined, cloud.ports)
    expect(outcome).toEqual({ kind: 'interrupted' })
    expect(cloud.queued).toEqual([])
  })
})

test('a check that found no object says why', () => {
  expect(absenceOf({ kind: 'absent', absence: 'locked' })).toBe('locked')
  expect(absenceOf({ kind: 'allowed' })).toBeUndefined()
})

test('a check that allows the import says which rejected lines share a dead letter', () => {
  expect(groupedBy({ kind: 'allowed', grouped: ['missing_timestamp'] })).toEqual(['missing_timestamp'])
  expect(groupedBy({ kind: 'absent', absence: 'gone' })).toBeUndefined()
})
