import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import type { HoldSettings } from '../../../lambda/settings/hold.ts'
import type { HoldRule } from '../../../lambda/survey/hold-rules.ts'
import { findHolds } from '../../../lambda/survey/holds.ts'
import type { SurveyPart } from '../../../lambda/survey/part.ts'
import { learn, type Profile } from '../../../lambda/survey/profile.ts'
import { DEFAULTS, alias, event, lines, surveyOf, TIME, type Members } from './surveyed.ts'

const FIRST_TIME = { isReplay: false }
const DAY_SECONDS = 86_400

const rulesOf = (survey: SurveyPart, profile?: Profile, settings: Partial<HoldSettings> = {}, context = FIRST_TIME) =>
  findHolds(survey, profile, { ...DEFAULTS, ...settings }, context).map(({ rule }) => rule)

const star = (others: number) => lines(others, (index) => alias(`p${index}`, 'office@shop.com'))
const chain = (others: number) => lines(others, (index) => alias(`p${index}`, `p${index + 1}`))
const learnedFrom = (...files: readonly (readonly Members[])[]): Profile | undefined =>
  files.reduce<Profile | undefined>((profile, file, index) => learn(profile, surveyOf(file), `2026-10-${10 + index}`), undefined)
const times = <Value>(count: number, value: Value): readonly Value[] => Array.from({ length: count }, () => value)

/** An ordinary day: 200 events with three properties. */
const day = (members: (index: number) => Members = () => ({}), count = 200) =>
  lines(count, (index) => event(index, { _n: 'Signed Up', price: index, plan: 'gold', 'Price ($)': 1, ...members(index) }))
const PROFILE = learnedFrom(...times(7, day()))!

describe('aliases', () => {
  // prettier-ignore
  test.each<[string, readonly Members[], readonly HoldRule[]]>([
    [ 'ten others in a star',                star(10),                                       [] ],
    [ 'eleven others in a star',             star(11),                                       ['merged_people'] ],
    [ 'ten others in a chain',               chain(10),                                      [] ],
    [ 'eleven others in a chain',            chain(11),                                      ['merged_people'] ],
    [ 'the same pair 1,000 times',           lines(1_000, () => alias('ann', 'cookie')),     [] ],
    [ 'the same pair, both ways around',     [alias('ann', 'b'), alias('b', 'ann')],         [] ],
    [ 'a thousand people with two each',     lines(1_000, (i) => alias(`p${i}`, `c${i}`)),   [] ],
    [ 'two stars that one alias connects',   [...star(6), ...lines(5, (i) => alias(`q${i}`, 'q')), alias('q', 'p1')], ['merged_people'] ],
    [ 'commas and colons, which are spaces', lines(12, (i) => alias(`p${i}`, i % 2 === 0 ? 'the,office' : 'the:office')), ['merged_people'] ],
    [ 'capitals, which are other people',    lines(11, (i) => alias(`p${i}`, i % 2 === 0 ? 'office' : 'Office')), [] ],
    [ 'a hidden placeholder',                [alias('ann', 'mailto:guest')],                 ['merged_placeholder'] ],
  ])('%s', (_what, file, rules) => {
    expect(rulesOf(surveyOf(file))).toEqual(rules)
  })

  test('also hold a replay, and files of any size', () => {
    expect(rulesOf(surveyOf(star(11)), undefined, {}, { isReplay: true })).toEqual(['merged_people'])
    expect(rulesOf(surveyOf([...day(), ...star(11)]), PROFILE)).toContain('merged_people')
  })

  test('the setting is the number of others, and 0 turns the rule off', () => {
    expect(rulesOf(surveyOf(star(11)), undefined, { aliases: 11 })).toEqual([])
    expect(rulesOf(surveyOf([...star(11), alias('ann', 'mailto:guest')]), undefined, { aliases: 0 })).toEqual([])
  })

  test('more than can be compared', () => {
    const { aliases, ...survey } = surveyOf(star(3))
    expect(rulesOf({ ...survey, aliases: { ...aliases, groups: '', isComplete: false } })).toEqual(['too_many_aliases'])
  })

  test('the reason says how many, the first line and nobody’s identity', () => {
    const two = [event(1), ...star(3_000), ...lines(20, (index) => alias(`q${index}`, 'q'))]
    expect(findHolds(surveyOf(two), undefined, DEFAULTS, FIRST_TIME)).toEqual([
      {
        rule: 'merged_people',
        detail:
          '3,001 identities would become one person. The first of these aliases is on line 2. 1 other person would be merged from more than 10 others, too.',
        line: 2,
      },
    ])
  })
})

describe('rejected lines', () => {
  const file = (good: number, bad: number) => surveyOf([...lines(good, event), ...times(bad, '{')])

  // prettier-ignore
  test.each([
    [ 80,  20, [] ],
    [ 79,  21, ['rejected_lines'] ],
    [ 0,  100, ['rejected_lines'] ],
    [ 0,   99, [] ], // fewer than 100 lines
    [ 10,  89, [] ],
  ])('%i good and %i bad lines: %j', (good, bad, rules) => {
    expect(rulesOf(file(good, bad))).toEqual(rules)
    expect(rulesOf(file(good, bad), undefined, { rejectedPercent: 0 })).toEqual([])
    expect(rulesOf(file(good, bad), undefined, {}, { isReplay: true })).toEqual([])
  })

  const withCounts = (valid: number, ...rejections: readonly number[]): SurveyPart => ({
    ...surveyOf([]),
    lines: { valid, rejected: rejections.reduce((sum, count) => sum + count, 0), blank: 0 },
    rejections: rejections.map((count, index) => ({
      reason: index === 0 ? 'missing_timestamp' : 'invalid_json',
      lines: count,
      first: index + 1,
    })),
  })

  // prettier-ignore
  test.each([
    [ '10,000 with the same mistake',                       withCounts(90_000, 10_000),              [] ],
    [ '10,001 with the same mistake',                       withCounts(90_000, 10_001),              ['same_reason'] ],
    [ '10,001, of two reasons',                             withCounts(90_000, 5_001, 5_000),        [] ],
    [ '1 % of 50 million lines',                            withCounts(49_500_000, 500_000),         [] ],
    [ '2 % of 10 million lines',                            withCounts(9_800_000, 200_000),          [] ],
    [ 'more than 2 % of 10 million lines',                  withCounts(9_799_999, 200_001),          ['same_reason'] ],
    [ 'a million of a billion lines',                       withCounts(999_000_000, 1_000_000),      [] ],
    [ 'more than a million of a billion lines',             withCounts(998_999_999, 1_000_001),      ['same_reason'] ],
    [ 'ten million lines, all with the same mistake',       withCounts(0, 10_000_000),               ['rejected_lines', 'same_reason'] ],
    [ 'two mistakes, each on many lines',                   withCounts(80_000, 10_001, 10_002),      ['rejected_lines', 'same_reason', 'same_reason'] ],
  ])('the fuse: %s', (_what, survey, rules) => {
    expect(rulesOf(survey)).toEqual(rules)
    expect(rulesOf(survey, undefined, { sameReasonLines: 0 })).toEqual(rules.filter((rule) => rule !== 'same_reason'))
  })

  test('the reason names the most frequent mistake, and its first line', () => {
    const survey = surveyOf([...day(), '{', ...lines(60, (index) => ({ _p: `p${index}`, _n: 'Visited' }))])
    expect(findHolds(survey, undefined, DEFAULTS, FIRST_TIME)).toEqual([
      {
        rule: 'rejected_lines',
        detail:
          '61 of 261 lines (23.3 %) would be rejected, most of them for this reason: The time is missing. The first of these is line 202.',
        line: 202,
      },
    ])
  })
})

describe('names', () => {
  const withNew = (names: number) => day((index) => (index < names ? { [`new ${index}`]: 'x' } : {}))

  // prettier-ignore
  test.each<[string, readonly Members[], readonly HoldRule[]]>([
    [ 'twenty new properties',               withNew(20),                                        [] ],
    [ 'twenty-one new properties',           withNew(21),                                        ['new_names'] ],
    [ 'new events and properties together',  withNew(11).map((line, index) => ({ ...line, _n: index < 11 ? `event ${index}` : 'Signed Up' })), ['new_names'] ],
    [ 'another case, the same to Kissmetrics', day(() => ({ _n: 'SIGNED UP' })),                 [] ],
    [ 'a comma, the same to Kissmetrics',    day(() => ({ _n: 'Signed,Up' })),                   [] ],
    [ 'an underscore for a space',           day((index) => (index === 7 ? { _n: 'signed_up' } : {})), ['similar_names'] ],
    [ 'no space',                            day(() => ({ _n: 'SignedUp' })),                    ['similar_names'] ],
    [ 'a similar property',                  day(() => ({ 'Plan.': 'gold' })),                   ['similar_names'] ],
    [ 'a property that is named like an event', day(() => ({ signed_up: 'yes' })),               [] ],
    [ 'another currency',                    day(() => ({ 'Price (€)': 1 })),                    [] ],
    [ 'one new event',                       day(() => ({ _n: 'Bought' })),                      [] ],
  ])('%s', (_what, file, rules) => {
    expect(rulesOf(surveyOf(file), PROFILE)).toEqual(rules)
    expect(rulesOf(surveyOf(file), PROFILE, { newNames: 0, similarNames: 0 })).toEqual([])
    expect(rulesOf(surveyOf(file), PROFILE, {}, { isReplay: true })).toEqual([])
    expect(rulesOf(surveyOf(file), learnedFrom(day(), day()))).toEqual([]) // three files are needed
    expect(rulesOf(surveyOf(file), learnedFrom(day(), day(), day()))).toEqual(rules)
  })

  test('the number of similar names that are allowed is a setting', () => {
    const survey = surveyOf(day(() => ({ _n: 'signed_up', 'PLAN!': 'x' })))
    expect(rulesOf(survey, PROFILE, { similarNames: 2 })).toEqual(['similar_names'])
    expect(rulesOf(survey, PROFILE, { similarNames: 3 })).toEqual([])
  })

  test('a prefix whose files always have new names is held for many more than usual only', () => {
    const pages = (file: number, count: number) =>
      lines(200, (index) => event(index, { _n: `Viewed page ${file}-${index % count}` }))
    const profile = learnedFrom(pages(1, 50), pages(2, 40), pages(3, 50))
    expect(rulesOf(surveyOf(pages(4, 150)), profile)).toEqual([])
    expect(rulesOf(surveyOf(pages(5, 151)), profile)).toEqual(['new_names'])
    expect(rulesOf(surveyOf(lines(200, (index) => event(index, { _n: `Viewed page 1/${index % 50}` }))), profile)).toEqual([])
  })

  test('the reasons name the first names, quoted, and count the others', () => {
    const survey = surveyOf(
      day((index) => (index < 30 ? { [`new ${index}`]: 'x', _n: index === 4 ? 'signed_up' : 'Signed Up', 'PLAN!': 1 } : {})),
    )
    expect(findHolds(survey, PROFILE, DEFAULTS, FIRST_TIME)).toEqual([
      {
        rule: 'new_names',
        detail: '1 event name and 31 property names of this file did not occur in earlier ones. The first is "new 0" on line 1.',
        line: 1,
      },
      {
        rule: 'similar_names',
        detail: '"PLAN!" on line 1 is new, and earlier files have "plan". The same is true for 1 other similar name.',
        line: 1,
      },
    ])
  })
})

describe('types', () => {
  const price = (value: (index: number) => unknown) => day((index) => ({ price: value(index) }))

  // prettier-ignore
  test.each<[string, readonly Members[], readonly HoldRule[]]>([
    [ 'half of the numbers are text',             price((index) => (index % 2 === 0 ? 1 : 'free')), [] ],
    [ 'more than half of the numbers are text',   price((index) => (index < 99 ? 1 : 'free')),      ['changed_type'] ],
    [ 'numbers with a currency',                  price((index) => `$${index}`),                    ['changed_type'] ],
    [ 'numbers as text, the same to Kissmetrics', price(String),                                    [] ],
    [ 'text became numbers',                      day(() => ({ plan: 1 })),                         ['changed_type'] ],
    [ 'text became true and false, also text',    day(() => ({ plan: true })),                      [] ],
    [ 'nineteen values',                          day((index) => ({ price: index < 19 ? 'free' : null })), [] ],
    [ 'twenty values',                            day((index) => ({ price: index < 20 ? 'free' : null })), ['changed_type'] ],
  ])('%s', (_what, file, rules) => {
    expect(rulesOf(surveyOf(file), PROFILE)).toEqual(rules)
    expect(rulesOf(surveyOf(file), PROFILE, { typePercent: 0 })).toEqual([])
    expect(rulesOf(surveyOf(file), learnedFrom(day(), day()))).toEqual([])
  })

  const mixed = price((index) => (index < 10 ? 'free' : index))
  const rare = price((index) => (index < 2 ? 'free' : index))
  const few = day((index) => (index < 19 ? {} : { price: null }))
  // prettier-ignore
  test.each<[string, readonly (readonly Members[])[], readonly HoldRule[]]>([
    [ 'values of both types in each file', [mixed, mixed, mixed],                            [] ],
    [ 'another type in the first file',    [price(() => 'free'), day(), day(), day()],       [] ],
    [ 'a rare exception',                  [rare, rare, rare],                               ['changed_type'] ],
    [ 'too few values',                    [few, few, few],                                  [] ],
  ])('%s before', (_what, files, rules) => {
    expect(rulesOf(surveyOf(price(() => 'free')), learnedFrom(...files))).toEqual(rules)
  })

  test('the reason says what was usual', () => {
    expect(findHolds(surveyOf(price(() => 'free')), PROFILE, DEFAULTS, FIRST_TIME)).toEqual([
      {
        rule: 'changed_type',
        detail:
          '"price" has text in 200 of 200 values (100 %). In earlier files it always had numbers. It is first used on line 1.',
        line: 1,
      },
    ])
  })
})

describe('volume and time', () => {
  const EXPORT = learnedFrom(...times(6, day(undefined, 200)), day(undefined, 4_000))

  // prettier-ignore
  test.each([
    [ 2_000,  PROFILE, [] ],
    [ 2_001,  PROFILE, ['unusual_volume'] ],
    [ 100,    learnedFrom(...times(7, day(undefined, 1_000))), [] ],
    [ 100,    learnedFrom(...times(7, day(undefined, 1_001))), ['unusual_volume'] ],
    [ 99,     learnedFrom(...times(7, day(undefined, 1_001))), [] ], // fewer than 100 lines
    [ 2_001,  learnedFrom(...times(6, day())), [] ], // a week is needed
    [ 8_000,  EXPORT,  [] ], // an earlier file was almost as large
    [ 8_001,  EXPORT,  ['unusual_volume'] ],
  ])('%i lines', (count, profile, rules) => {
    const survey = surveyOf(day(undefined, count))
    expect(rulesOf(survey, profile)).toEqual(rules)
    expect(rulesOf(survey, profile, { volumeFactor: 0 })).toEqual([])
    expect(rulesOf(survey, profile, { volumeFactor: 50 })).toEqual([])
  })

  const older = (days: number, count = 200) => day((index) => ({ _t: index < count ? TIME - days * DAY_SECONDS : TIME }))

  // prettier-ignore
  test.each([
    [ 'a year older',                   older(365),      [] ],
    [ 'more than a year older',         older(366),      ['older_lines'] ],
    [ 'one in a hundred is older',      older(4_000, 2), [] ],
    [ 'more than one in a hundred is',  older(4_000, 3), ['older_lines'] ],
  ])('%s', (_what, file, rules) => {
    expect(rulesOf(surveyOf(file), PROFILE)).toEqual(rules)
    expect(rulesOf(surveyOf(file), PROFILE, { olderDays: 0 })).toEqual([])
    expect(rulesOf(surveyOf(file), learnedFrom(...times(6, day())))).toEqual([]) // a week is needed
  })

  test('the reasons say what was usual', () => {
    const survey = surveyOf(day((index) => ({ _t: index < 50 ? TIME - 3_650 * DAY_SECONDS : TIME }), 3_000))
    expect(findHolds(survey, PROFILE, DEFAULTS, FIRST_TIME).map(({ detail }) => detail)).toEqual([
      'The file has 3,000 lines. Earlier files under this prefix had 200 to 200, usually about 200.',
      '50 lines are from before 2025-11-02, the oldest from 2016-11-04. Those of earlier files under this prefix are from 2026-11-02 or later.',
    ])
  })
})

describe('a file that would be rejected', () => {
  const wrong = surveyOf([...star(20), ...times(200, '{')])

  test('as a whole is not held, because nothing of it is sent', () => {
    expect(rulesOf({ ...wrong, refused: 'not_line_delimited_json' }, PROFILE)).toEqual([])
  })

  test('where it breaks off is held, because the lines before are sent', () => {
    expect(rulesOf({ ...wrong, refused: 'object_unreadable' }, PROFILE)).toEqual(['merged_people', 'rejected_lines'])
  })
})

test('the example of 50,000 lines is not held, as the first file or as one of many', () => {
  const file = gunzipSync(readFileSync(new URL('../../../examples/mixed-50000.jsonl.gz', import.meta.url))).toString()
  const survey = surveyOf(file.split('\n'))
  const profile = times(7, survey).reduce<Profile | undefined>(
    (before, part, index) => learn(before, part, `2026-11-${10 + index}`),
    undefined,
  )
  expect(survey.lines.valid).toBeGreaterThan(45_000)
  expect([rulesOf(survey), rulesOf(survey, profile)]).toEqual([[], []])
})
