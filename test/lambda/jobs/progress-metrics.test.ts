import { expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { ProgressMetrics } from '../../../lambda/jobs/progress-metrics.ts'
import type { ReasonCode } from '../../../lambda/reasons.ts'
import { emptyCounts, type Counts } from '../../../lambda/settle/counts.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

/** What a checkpoint shows. */
function counts(delivered: number, rejectedBy: Partial<Record<ReasonCode, number>> = {}, undeliverable = 0): Counts {
  const reasons = Object.entries(rejectedBy).map(([reason, count]) => [reason, { count, examples: [] }] as const)
  const rejected = reasons.reduce((sum, [, { count }]) => sum + count, 0) - undeliverable
  return {
    ...emptyCounts(),
    lines: { delivered, rejected, undeliverable, blank: 0 },
    rejectedBy: Object.fromEntries(reasons),
  }
}

const METRICS = ['LinesDelivered', 'LinesRejected', 'LinesUndeliverable', 'DeadLetters'] as const

/** What is counted for CloudWatch by a run that begins with the first checkpoint, and reports the others. */
function counted(first: Counts, ...reports: readonly Counts[]): Readonly<Record<string, number>> {
  const cloud = new MemoryCloud()
  const metrics = new ProgressMetrics(newTask(FILE), { counts: first, startedAt: '2026-01-01T00:00:00.000Z' }, cloud.ports)
  for (const each of reports) metrics.report({ counts: each })
  return Object.fromEntries(
    METRICS.map((metric) => [
      metric,
      cloud.counted.filter((each) => each.metric === metric).reduce((sum, { value }) => sum + value, 0),
    ]),
  )
}

// prettier-ignore
test.each<[string, Counts, readonly Counts[], readonly number[]]>([
  //  a run                                          begins with    reports                                                       delivered, rejected, undeliverable, dead letters
  [ 'that is the first',                             counts(0),     [counts(5, { invalid_json: 2 })],                             [5, 2, 0, 2] ],
  [ 'that continues does not count the earlier one', counts(5),     [counts(8)],                                                  [3, 0, 0, 0] ],
  [ 'with several checkpoints counts a line once',   counts(0),     [counts(2), counts(2), counts(6, { invalid_json: 1 })],       [6, 1, 0, 1] ],
  [ 'counts lines that the endpoint has refused',    counts(0),     [counts(1, { endpoint_refused: 3 }, 3)],                      [1, 0, 3, 3] ],
  [ 'without a checkpoint counts nothing',           counts(4),     [],                                                           [0, 0, 0, 0] ],
])('a run %s', (_what, first, reports, [delivered, rejected, undeliverable, deadLetters]) => {
  expect(counted(first, ...reports)).toEqual({
    LinesDelivered: delivered,
    LinesRejected: rejected,
    LinesUndeliverable: undeliverable,
    DeadLetters: deadLetters,
  })
})

test.each([
  ['since the file was uploaded', Date.parse('2025-12-31T23:59:00Z'), 60],
  ['since the import began, if it is not known when the file was uploaded', undefined, 0],
])('the age of the work counts %s', (_what, since, age) => {
  const cloud = new MemoryCloud()
  const startedAt = new Date(cloud.clock.now()).toISOString()
  const metrics = new ProgressMetrics(newTask(FILE, 0, since), { counts: counts(0), startedAt }, cloud.ports)
  metrics.report({ counts: counts(1) })
  expect(cloud.counted).toContainEqual({ metric: 'WorkAgeSeconds', value: age })
})
