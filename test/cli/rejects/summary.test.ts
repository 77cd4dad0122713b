import { expect, test } from '@jest/globals'
import { Summary } from '../../../cli/rejects/summary.ts'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'
import { toBody, type DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, GROUP, storedDeadLetter } from './fixtures.ts'

const EXPIRING_SOON_BEFORE = new Date('2026-03-10T00:00:00Z')

function summaryOf(...rejects: readonly (readonly [Partial<DeadLetter>, Partial<StoredDeadLetter>?])[]): Summary {
  const summary = new Summary(EXPIRING_SOON_BEFORE)
  for (const [deadLetter, stored = {}] of rejects)
    summary.add(storedDeadLetter(toBody(deadLetterOf('{"_p":"a"}', deadLetter)), { sentAt: new Date('2026-03-20'), ...stored }))
  return summary
}

const at = (key: string, line: number): DeadLetter['source'] => ({ bucket: 'b', key, line })

test('dead letters of one reason, file and day are one group', () => {
  const [group, ...others] = summaryOf(
    [{ source: at('incoming/a.json', 9) }, { sentAt: new Date('2026-03-21') }],
    [{ source: at('incoming/a.json', 2) }, { sentAt: new Date('2026-03-19'), status: 'archived' }],
    [{ source: at('incoming/a.json', 5) }, { status: 'quarantined' }],
  ).groups()
  expect(others).toEqual([])
  expect(group).toEqual({
    reason: 'invalid_json',
    key: 'incoming/a.json',
    day: '2026-01-01',
    count: 3,
    archived: 1,
    quarantined: 1,
    grouped: 0,
    sent: 0,
    lines: [2, 5, 9],
    oldest: '2026-03-19T00:00:00.000Z',
    example: '{"_p":"a"}',
  })
})

test('a dead letter about many lines counts once, with its lines, also if a killed run has sent it twice', () => {
  const group = { kind: 'group', source: { bucket: 'b', key: 'incoming/a.json' }, group: GROUP } as const
  const [found] = summaryOf([group]).groups()
  expect(found).toMatchObject({ count: 1, grouped: 12_000, lines: [] })
  expect(summaryOf([group], [group]).groups()).toMatchObject([{ count: 2, grouped: 12_000 }])
})

test('the lines of a dead letter that a replay has sent are no longer open', async () => {
  const shared = (etag: string) =>
    [{ kind: 'group', source: { bucket: 'b', key: 'incoming/a.json', etag }, group: GROUP }] as const
  const summary = summaryOf(shared('first'), shared('first'), shared('second'))
  await summary.leaveOutSent(({ source: { etag } }) => Promise.resolve(etag === 'first' ? 2_000 : 0))
  expect(summary.groups()).toMatchObject([{ count: 3, grouped: 22_000, sent: 2_000 }])
})

test('the reason with the most dead letters is first, and within a reason the file with the most', () => {
  const groups = summaryOf(
    [{ reason: 'missing_timestamp' }],
    [{ source: at('incoming/a.json', 1) }],
    [{ source: at('incoming/b.json', 1) }],
    [{ source: at('incoming/b.json', 2) }],
    [{ source: at('incoming/b.json', 3), failedAt: '2026-01-02T00:00:00Z' }],
  ).groups()
  expect(groups.map(({ reason, key, day, count }) => [reason, key, day, count])).toEqual([
    ['invalid_json', 'incoming/b.json', '2026-01-01', 2],
    ['invalid_json', 'incoming/a.json', '2026-01-01', 1],
    ['invalid_json', 'incoming/b.json', '2026-01-02', 1],
    ['missing_timestamp', 'incoming/a.json', '2026-01-01', 1],
  ])
})

test('a group lists its first 20 line numbers', () => {
  const [group] = summaryOf(...Array.from({ length: 25 }, (_, index) => [{ source: at('k', index + 1) }] as const)).groups()
  expect(group).toMatchObject({ count: 25, lines: Array.from({ length: 20 }, (_, index) => index + 1) })
})

test('on a computer, none expires', () => {
  const summary = new Summary(undefined)
  summary.add(storedDeadLetter(toBody(deadLetterOf('{"_p":"a"}')), { sentAt: new Date(0) }))
  expect(summary).toMatchObject({ total: 1, expiringSoon: 0 })
})

test('only dead letters in the queue expire', () => {
  const summary = summaryOf(
    [{}, { sentAt: new Date('2026-03-01'), status: 'archived' }],
    [{}, { sentAt: new Date('2026-03-10T00:00:00Z') }],
    [{}, { sentAt: new Date('2026-03-10T00:00:01Z') }],
  )
  expect(summary).toMatchObject({ total: 3, expiringSoon: 1, oldestQueued: new Date('2026-03-10T00:00:00Z') })
})
