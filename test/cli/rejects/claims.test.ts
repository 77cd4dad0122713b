import { describe, expect, test } from '@jest/globals'
import { claimOutcome, mayUpload, withClaim } from '../../../cli/rejects/claims.ts'
import { ARCHIVED_SCHEMA, archivedText, readArchived, type ArchivedDeadLetter } from '../../../lambda/archive/archived.ts'

const NOW = Date.parse('2026-03-20T12:00:00Z')
const claimOf = (run: string, secondsAgo: number) => ({ file: 'f', run, at: new Date(NOW - secondsAgo * 1_000).toISOString() })
const MINE = claimOf('mine', 0)

describe('an archived dead letter', () => {
  // prettier-ignore
  test.each([
    //  that                                            has the claim            whose file is   is
    [ 'nobody claims',                                  undefined,               false,          'claimed' ],
    [ 'this replay has claimed, without an answer',     MINE,                    false,          'claimed' ],
    [ 'another replay claims',                          claimOf('other', 299),   false,          'taken' ],
    [ 'another replay claims, whose clock is ahead',    claimOf('other', -60),   false,          'taken' ],
    [ 'another replay claimed, and then was killed',    claimOf('other', 300),   false,          'claimed' ],
    [ 'another replay has just sent',                   claimOf('other', 1),     true,           'sent' ],
    [ 'another replay sent long ago, and was killed',   claimOf('other', 9_999), true,           'sent' ],
  ] as const)('that %s', (_what, existing, isUploaded, outcome) => {
    expect(claimOutcome(existing, MINE, isUploaded)).toBe(outcome)
  })
})

test('only what this replay has claimed gets its claim, and the claim is stored', () => {
  const at = '2026-03-20T12:00:00Z'
  const letters = ['a', 'b', 'c'].map((id): ArchivedDeadLetter => ({
    schema: ARCHIVED_SCHEMA,
    id,
    sentAt: at,
    archivedAt: at,
    why: 'old',
    body: id,
  }))
  const claimed = withClaim(letters, new Map([['a', 'claimed'], ['b', 'sent']]), MINE) // prettier-ignore
  expect(readArchived(archivedText(claimed)).map(({ claim }) => claim)).toEqual([MINE, undefined, undefined])
})

test('a replay that was paused for longer than half of its claim must not upload', () => {
  expect([149, 150].map((seconds) => mayUpload(claimOf('mine', seconds), NOW))).toEqual([true, false])
})
