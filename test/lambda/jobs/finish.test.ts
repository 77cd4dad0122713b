import { describe, expect, test } from '@jest/globals'
import { newTask, type Segment } from '../../../lambda/intake/task.ts'
import { finishFile, mergeReports, resumeAndMerge } from '../../../lambda/jobs/finish.ts'
import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import { reject } from '../../../lambda/reasons.ts'
import type { ImportState } from '../../../lambda/report/report.ts'
import { ReportWriter } from '../../../lambda/report/writer.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint, type Failure } from '../../../lambda/settle/checkpoint.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../../../lambda/settle/split-plan.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const STARTED_AT = '2026-01-01T00:00:00.000Z'
const RELEASED = { run: 'r', serial: 1, until: 0 }
const FAILED: Failure = { kind: 'failed', rejection: reject('not_line_delimited_json'), replays: 0 }
const MISSING: Failure = { kind: 'missing', state: 'gone' }
const CANCELLED: Failure = { kind: 'cancelled', at: '2026-01-01T00:00:00.000Z' }

function countsOf(delivered: number, rejected = 0) {
  return { ...emptyCounts(), lines: { delivered, rejected, undeliverable: 0, blank: 0 } }
}

// prettier-ignore
test.each([
  //  the import ended                counts            failure      state                      event
  [ 'done',                           countsOf(3),      undefined,   'complete',                'file_imported' ],
  [ 'done, with rejected lines',      countsOf(2, 1),   undefined,   'complete-with-rejects',   'file_imported' ],
  [ 'with a rejected file',           countsOf(3),      FAILED,      'failed',                  'file_rejected' ],
  [ 'without the object',             countsOf(0),      MISSING,     'gone',                    'file_missing' ],
  [ 'because it was cancelled',           countsOf(1),      CANCELLED,   'cancelled',               'import_cancelled' ],
])('an import that ended %s', async (_what, counts, failure, state, code) => {
  const cloud = new MemoryCloud()
  const importState: ImportState = { file: FILE, bytes: 9, counts, linesRead: 3, startedAt: STARTED_AT, invocations: 1, repeatsPossible: 0, repeatedTries: 0 }
  await finishFile(importState, failure, [], new ReportWriter(undefined, cloud.ports.reports, cloud.clock), cloud.ports)
  expect(cloud.report).toMatchObject({ state, lines: counts.lines })
  expect(cloud.codes).toEqual([code])
})

describe('the report of a file that was split', () => {
  const SEGMENTS: readonly Segment[] = [
    { index: 1, byteStart: 0, byteEnd: 50, firstLine: 1, lines: 5 },
    { index: 2, byteStart: 50, byteEnd: 80, firstLine: 6, lines: 3 },
  ]

  function withPlan(plan: Partial<SplitPlan> = {}): MemoryCloud {
    const cloud = new MemoryCloud()
    const whole = {
      schema: SPLIT_PLAN_SCHEMA,
      bytes: 80,
      segments: SEGMENTS,
      isComplete: true,
      startedAt: STARTED_AT,
      invocations: 1,
    }
    cloud.write(checkpointKey(FILE, 'plan'), { ...whole, ...plan, leaseHolder: RELEASED })
    return cloud
  }

  function checkpoint(cloud: MemoryCloud, index: number, part: Partial<Checkpoint>): void {
    const empty = {
      schema: CHECKPOINT_SCHEMA,
      counts: emptyCounts(),
      isDone: true,
      invocations: 1,
      repeatsPossible: 0,
      repeatedTries: 0,
      leaseHolder: RELEASED,
    }
    cloud.write(checkpointKey(FILE, index), { ...empty, ...part })
  }

  test('is final when every segment is done, and sums them up', async () => {
    const cloud = withPlan()
    checkpoint(cloud, 1, { counts: countsOf(5), invocations: 2, repeatsPossible: 4, repeatedTries: 0 })
    checkpoint(cloud, 2, { counts: countsOf(2, 1) })
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      lines: { total: 8, delivered: 7, rejected: 1 },
      invocations: 4,
      repeatsPossible: 4,
      segments: [
        { index: 1, firstLine: 1, lines: 5, settled: 5, invocations: 2 },
        { index: 2, firstLine: 6, lines: 3, settled: 3, invocations: 1 },
      ],
    })
    expect(cloud.codes).toEqual(['file_imported'])
  })

  // prettier-ignore
  test.each<[string, Partial<SplitPlan>, Partial<Checkpoint> | undefined]>([
    //  as long as                       plan                     second segment
    [ 'a segment has not begun',         {},                      undefined ],
    [ 'a segment is being imported',     {},                      { isDone: false, counts: countsOf(1) } ],
    [ 'the file is being split',         { isComplete: false },   { counts: countsOf(3) } ],
  ])('is a progress report as long as %s', async (_what, plan, second) => {
    const cloud = withPlan(plan)
    checkpoint(cloud, 1, { counts: countsOf(5) })
    if (second !== undefined) checkpoint(cloud, 2, second)
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).toMatchObject({ state: 'importing', lines: { total: 8 } })
    expect(cloud.codes).toEqual([])
  })

  test('is final as soon as the object is missing, whatever the other segments do', async () => {
    const cloud = withPlan()
    checkpoint(cloud, 2, { failure: MISSING })
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report?.state).toBe('gone')
  })

  test('says why the file was rejected when it was split', async () => {
    const cloud = withPlan({ segments: [], failure: FAILED })
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).toMatchObject({ state: 'failed', failure: { reason: 'not_line_delimited_json' } })
  })

  test('says that the import was stale if its segments had to be queued again', async () => {
    const cloud = withPlan()
    checkpoint(cloud, 1, { counts: countsOf(5) })
    await resumeAndMerge({ ...newTask(FILE), foundBySearch: true }, cloud.ports)
    expect(cloud.queued.map(({ task }) => task.segment?.index)).toEqual([2])
    expect(cloud.report).toMatchObject({ state: 'importing', stale: { since: STARTED_AT, segments: 1 } })
    expect(cloud.codes).toEqual(['segments_requeued'])
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).not.toHaveProperty('stale')
  })

  test('does not say so, and nothing is queued, if the import is not stale', async () => {
    const cloud = withPlan({ startedAt: new Date(new MemoryCloud().clock.now()).toISOString() })
    await resumeAndMerge(newTask(FILE), cloud.ports)
    expect(cloud.queued).toEqual([])
    expect(cloud.report).toMatchObject({ state: 'importing' })
    expect(cloud.report).not.toHaveProperty('stale')
  })

  test('is never written again once it is final', async () => {
    const cloud = withPlan()
    cloud.write(reportKey(FILE), { state: 'complete' })
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).toEqual({ state: 'complete' })
  })

  test('is not written if there is no plan', async () => {
    const cloud = new MemoryCloud()
    await mergeReports(FILE, cloud.ports)
    expect(cloud.report).toBeUndefined()
  })
})
