import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { RejectedFilter } from '../../../cli/console/api-types.ts'
import { DeadLetterTable } from '../../../cli/console/dead-letter-table.ts'
import type { StoredDeadLetter } from '../../../cli/rejects/stored-dead-letter.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf, storedDeadLetter } from '../rejects/fixtures.ts'

const DAY_MS = 86_400_000
const SENT_AT = new Date('2026-01-01T00:00:00Z')
const RANGE = { offset: 0, limit: 100, order: 'file' } as const
const NEVER = '2000-01-01T00:00:00.000Z'

interface Stored {
  readonly line: string
  readonly reason: 'invalid_json' | 'missing_timestamp'
  readonly key: string
  readonly origin?: string
  readonly status: StoredDeadLetter['status']
}

function stored({ line, reason, key, origin, status }: Stored, index: number): StoredDeadLetter {
  const deadLetter = deadLetterOf(line, {
    reason,
    source: { bucket: 'b', key, line: index + 1 },
    ...(origin !== undefined && { origin: { bucket: 'b', key: origin, line: index + 1 } }),
  })
  return storedDeadLetter(toBody(deadLetter), {
    id: `id-${index}`,
    sentAt: SENT_AT,
    status,
    isIncludedByDefault: status === 'queued',
  })
}

function tableOf(all: readonly Stored[], retentionMs?: number): DeadLetterTable {
  const table = new DeadLetterTable({ retentionMs, deployment: { deadLettersExpire: true } })
  for (const [index, one] of all.entries()) table.add(stored(one, index))
  return table
}

const LINE: Stored = { line: '{"_p":"Ann"}', reason: 'missing_timestamp', key: 'incoming/a.jsonl', status: 'queued' }

describe('the counts of a page', () => {
  const storedLine = fc.record<Stored>({
    line: fc.constantFrom('{"_p":"Ann"}', '{"_p":"bob"}'),
    reason: fc.constantFrom('invalid_json', 'missing_timestamp'),
    key: fc.constantFrom('incoming/a.jsonl', 'incoming/b.jsonl', 'incoming/replays/c.txt'),
    status: fc.constantFrom('queued', 'archived', 'quarantined'),
  })
  const filter = fc.record<RejectedFilter>(
    {
      file: fc.constantFrom('incoming/a.jsonl', 'incoming/b.jsonl'),
      reason: fc.constantFrom('invalid_json', 'missing_timestamp'),
      text: fc.constantFrom('', 'ANN'),
      status: fc.constantFrom('archived', 'quarantined'),
    },
    { requiredKeys: [] },
  )

  test('are those of the rows that match, also after some were removed', () => {
    fc.assert(
      fc.property(fc.array(storedLine, { maxLength: 30 }), filter, fc.nat(30), (all, filtered, removed) => {
        using table = tableOf(all)
        table.remove(Array.from({ length: removed }, (_, index) => `id-${index * 2}`))
        const count = (other: RejectedFilter) => [...table.rows(other)].length
        const { file, reason, ...rest } = filtered
        const page = table.page(filtered, RANGE, NEVER)
        expect(page).toMatchObject({
          matching: count(filtered),
          total: count({}),
          archived: count({ status: 'archived' }),
          quarantined: count({ status: 'quarantined' }),
        })
        expect(page.rows).toHaveLength(count(filtered))
        for (const found of page.reasons)
          expect(found.count).toBe(count({ ...rest, ...(file !== undefined && { file }), reason: found.reason }))
        for (const found of page.files)
          expect(found.count).toBe(count({ ...rest, ...(reason !== undefined && { reason }), file: found.key }))
      }),
    )
  })

  test('of a file include lines of it that were replayed from another file', () => {
    using table = tableOf([LINE, { ...LINE, key: 'incoming/replays/c.txt', origin: LINE.key }])
    expect(table.page({ file: LINE.key }, RANGE, NEVER)).toMatchObject({ matching: 2, total: 2 })
  })
})

// prettier-ignore
test.each([
  // line                  text           is found
  [ '{"_p":"Ann"}',        'aNN',         true  ],
  [ '{"_p":"ÉMILE Å"}',    'émile å',     true  ],
  [ '{"_p":"ÉMILE Å"}',    'MILE',        true  ],
  [ '{"_p":"ann"}',        '%',           false ],
  [ '{"_p":"100%_sure"}',  '%_s',         true  ],
  [ "{'_p':'o''neil'}",    "O''NEIL",     true  ],
])('in %s, a search for %s finds it: %s', (line, text, isFound) => {
  using table = tableOf([{ ...LINE, line }])
  expect(table.page({ text }, RANGE, NEVER).matching).toBe(isFound ? 1 : 0)
})

test('dead letters expire after the retention of the queue, but not those in the bucket', () => {
  using table = tableOf([LINE, { ...LINE, status: 'archived' }], 14 * DAY_MS)
  expect(table.page({}, RANGE, '2026-01-15T00:00:00.001Z')).toMatchObject({
    expiringSoon: 1,
    firstExpiresAt: '2026-01-15T00:00:00.000Z',
  })
  expect(table.page({}, RANGE, '2026-01-15T00:00:00.000Z').expiringSoon).toBe(0)
})
