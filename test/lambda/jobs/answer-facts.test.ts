import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { factsOf, missingFacts } from '../../../lambda/jobs/answer-facts.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'
import { anyText } from '../../support/any-text.ts'
import { reportWith } from './closed-reports.ts'

const FINISHED_AT = '2026-01-01T01:00:00.000Z'
const UPDATED_AT = '2026-01-01T00:30:00.000Z'
const HELD_AT = '2026-01-01T00:20:00.000Z'
const DONE: Report = { ...reportWith(0), state: 'complete', finishedAt: FINISHED_AT }
const HOLD = { rules: [{ rule: 'new_names', detail: 'd' }], heldAt: HELD_AT } as const

const naming = { commandOptions: ' --stack Importer' }
const factsAbout = (extra: Partial<Report>, link?: string) => factsOf({ ...DONE, ...extra }, { ...naming, link })!

const named = (key: string, extra: Partial<Report> = {}) => factsAbout({ file: { ...DONE.file, key }, ...extra })

test('nothing is said while the import runs', () => {
  expect(factsOf({ ...DONE, state: 'importing' }, naming)).toBeUndefined()
})

describe('an answer has the same id for the same result, and another one for each other result', () => {
  // prettier-ignore
  test.each<[string, Partial<Report>, boolean]>([
    [ 'the same report, read again',                {},                                             true ],
    [ 'the note that it was answered',              { answered: { state: 'complete', at: 'x' } },   true ],
    [ 'another state',                              { state: 'complete-after-fixing' },             false ],
    [ 'another end',                                { finishedAt: '2026-01-02T00:00:00.000Z' },     false ],
    [ 'another version of the file',                { file: { ...DONE.file, versionId: 'v2' } },    false ],
    [ 'another file',                               { file: { ...DONE.file, key: 'incoming/b' } },  false ],
  ])('%s', (_what, extra, isSame) => {
    expect(factsAbout(extra).id === factsAbout({}).id).toBe(isSame)
  })

  test('which is one line of ASCII-safe text, whatever the file is called', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), (key) => {
        expect(named(key).id).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/)
      }),
    )
  })
})

// prettier-ignore
test.each<[string, Partial<Report>, string]>([
  [ 'that ended: when it ended',                     { updatedAt: UPDATED_AT },                                                 FINISHED_AT ],
  [ 'that is held: when it was held',                { state: 'held', hold: HOLD, updatedAt: UPDATED_AT, finishedAt: undefined as never }, HELD_AT ],
  [ 'of which neither is known: when it was written', { updatedAt: UPDATED_AT, finishedAt: undefined as never },                UPDATED_AT ],
  [ 'of which nothing is known: when it began',      { finishedAt: undefined as never },                                        DONE.startedAt ],
])('the time of a file %s', (_what, extra, at) => {
  expect(factsAbout(extra).at).toBe(at)
})

describe('open lines', () => {
  // prettier-ignore
  test.each<[string, Report, number | undefined]>([
    [ 'are not named if all were delivered',  DONE,                                                                    undefined ],
    [ 'are those that are neither fixed nor discarded',  { ...reportWith(5), rejects: { open: 2, fixed: 2, discarded: 1 } },  2 ],
    [ 'are none if all of them are closed',   { ...reportWith(5), rejects: { open: 0, fixed: 5, discarded: 0 } },      0 ],
  ])('%s', (_what, report, open) => {
    expect(factsOf(report, naming)?.open).toBe(open)
  })
})

test('the most frequent reasons come first', () => {
  const rejectedBy = { invalid_json: { count: 1, examples: [] }, missing_timestamp: { count: 9, examples: [] } }
  expect(factsAbout({ rejectedBy }).rejectedBy).toEqual([
    { reason: 'missing_timestamp', lines: 9 },
    { reason: 'invalid_json', lines: 1 },
  ])
  expect(factsAbout({}).rejectedBy).toBeUndefined()
})

test('a rule that holds the file has its title; one of a newer version has its code', () => {
  const rules = [HOLD.rules[0], { rule: 'later_rule', detail: 'e' }] as unknown as typeof HOLD.rules
  expect(factsAbout({ state: 'held', hold: { rules, heldAt: HELD_AT } }).heldBy).toEqual([
    { rule: 'new_names', title: 'Many new names', detail: 'd' },
    { rule: 'later_rule', title: 'later_rule', detail: 'e' },
  ])
})

describe('the link', () => {
  // prettier-ignore
  test.each<[string, string | undefined, string | undefined]>([
    [ 'is absent if there is no address',           undefined,                            undefined ],
    [ 'names the file, escaped',                    'https://x/{bucket}?key={key}',       'https://x/b?key=incoming%2Fa%20%26%20b.json' ],
    [ 'names the report',                           'https://x/{report}',                 'https://x/reports%2Fincoming%2Fa%20%26%20b.json%2Fv1%2Freport.json' ],
    [ 'keeps other words in braces as they are',    'https://x/{file}?k={key}{key}',      'https://x/{file}?k=incoming%2Fa%20%26%20b.jsonincoming%2Fa%20%26%20b.json' ],
  ])('%s', (_what, link, expected) => {
    expect(factsAbout({ file: { ...DONE.file, key: 'incoming/a & b.json' } }, link).link).toBe(expected)
  })
})

describe('the next command', () => {
  // prettier-ignore
  test.each<[Exclude<ReportState, 'importing'>, readonly string[]]>([
    [ 'complete',               ['status'] ],
    [ 'complete-after-fixing',  ['status'] ],
    [ 'complete-with-rejects',  ['rejects pull'] ],
    [ 'held',                   ['status', 'release', 'discard'] ],
    [ 'failed',                 ['status'] ],
    [ 'cancelled',              ['cancel'] ],
    [ 'discarded',              ['status'] ],
    [ 'superseded',             ['status'] ],
    [ 'gone',                   ['status'] ],
    [ 'skipped',                ['status'] ],
  ])('of a file that is %s', (state, commands) => {
    const given = factsAbout({ state }).commands
    expect(given.map((command) => /^npx km-import ([a-z]+(?: pull)?) /.exec(command)?.[1])).toEqual(commands)
    for (const command of given) expect(command).toMatch(/ incoming\/a\.json\b.* --stack Importer$/)
  })

  test('quotes a name that a shell would split, and escapes one that would control a terminal', () => {
    expect(named("incoming/it's here.json").commands).toEqual([
      `npx km-import status 'incoming/it'\\''s here.json' --stack Importer`,
    ])
    expect(named('incoming/\u001b[2J.json').commands.join('')).not.toContain('\u001b')
  })
})

test('a file that did not come is answered with its period: the same period has the same id', () => {
  const expected = { bucket: 'b', prefix: 'incoming/daily/', since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' }
  expect(missingFacts({ ...expected, extra: 'field' } as typeof expected, naming)).toEqual({
    ...{ id: 'incoming/daily//missing/2026-01-02T00:00:00Z', state: 'missing', at: expected.until, expected },
    commands: ['npx km-import status --stack Importer'],
  })
})
