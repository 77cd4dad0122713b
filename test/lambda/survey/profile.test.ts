import { describe, expect, test } from '@jest/globals'
import { learn, parseProfile, type Profile } from '../../../lambda/survey/profile.ts'
import type { SurveyPart } from '../../../lambda/survey/part.ts'
import { alias, event, lines, surveyOf, TIME, type Members } from './surveyed.ts'

const FILE = [
  ...lines(100, (index) => event(index, { price: index, plan: 'gold' })),
  ...lines(20, (index) => event(index, { _n: 'Bought', mixed: index % 2 === 0 ? 1 : 'one' })),
  '{',
  '',
]
const DAY = Math.floor(TIME / 86_400)

const learned = (profile: Profile | undefined, at: string, file: readonly (string | Members)[] = FILE) =>
  learn(profile, surveyOf(file), at)
const named = (count: number, kind: string) =>
  lines(Math.max(count, 100), (index) => event(index, { _n: `${kind} ${index % count}` }))

test('a file adds its volume, its first day, and its names with their types', () => {
  const profile = learned(undefined, '2026-11-02T11:00:00Z')
  expect(profile).toEqual({
    schema: 'kissmetrics-importer/profile/v1',
    learned: 1,
    files: [{ at: '2026-11-02T11:00:00Z', lines: 121, firstDay: DAY, newNames: 5 }],
    days: [{ day: DAY, least: 121, most: 121, firstDay: DAY }],
    events: [
      { name: 'Bought', last: 1 },
      { name: 'Visited', last: 1 },
    ],
    properties: [
      { name: 'mixed', last: 1, types: 'm' },
      { name: 'price', last: 1, types: 'n' },
      { name: 'plan', last: 1, types: 't' },
    ],
  })
  const next = learned(profile, '2026-11-03T11:00:00Z', [
    ...lines(100, (index) => event(index, { PRICE: 'free' })),
    event(1, { _n: 'BOUGHT' }),
  ])
  expect(next.files.at(-1)).toMatchObject({ lines: 101, newNames: 0 })
  expect(next.events).toEqual([
    { name: 'BOUGHT', last: 2 },
    { name: 'Visited', last: 2 },
  ])
  expect(next.properties).toContainEqual({ name: 'PRICE', last: 2, types: 'nt' })
})

test('it contains no identity and no value', () => {
  const text = JSON.stringify(
    learned(undefined, 'day', [...FILE, alias('ann@example.com', 'cookie'), event(1, { secret: 'hidden' })]),
  )
  expect(text).toContain('secret')
  for (const secret of ['ann', 'example', 'cookie', 'hidden', 'gold', 'p1']) expect(text).not.toContain(secret)
})

describe('nothing is learned', () => {
  test('from fewer than 100 lines', () => {
    expect(learned(undefined, '2026-11-01', FILE.slice(0, 99))).toMatchObject({ learned: 0, files: [], events: [] })
    expect(learned(undefined, '2026-11-01', FILE.slice(0, 100))).toMatchObject({ learned: 1 })
  })

  test('from a file that was learned already', () => {
    const once = learned(undefined, '2026-11-01')
    const other = learned(once, '2026-11-02', FILE.slice(0, 110))
    expect(learned(once, '2026-11-01')).toBe(once)
    expect(learned(other, '2026-11-01')).toBe(other)
    expect(learned(other, '2026-11-03').learned).toBe(3)
  })
})

describe('it is bounded', () => {
  test('30 files and ten types are kept, the last ones', () => {
    let profile: Profile | undefined
    for (let file = 1; file <= 40; file += 1) profile = learned(profile, `2026-11-01T00:00:${file + 10}Z`)
    expect(profile?.learned).toBe(40)
    expect(profile?.files.map(({ at }) => Number(at.slice(17, 19)) - 10)).toEqual(
      lines(30, (index) => index as never).map((_, index) => index + 11),
    )
    expect(profile?.properties[0]?.types).toBe('m'.repeat(10))
  })

  test('30 days are kept, each with its smallest and its largest file', () => {
    const profile = lines(60, () => ({})).reduce<Profile | undefined>(
      (before, _, index) =>
        learned(before, new Date((DAY + index / 2) * 86_400_000).toISOString(), FILE.slice(0, 120 - (index % 2))),
      undefined,
    )
    const next = learned(profile, new Date((DAY + 30) * 86_400_000).toISOString())
    expect(next.days.map(({ day }) => day - DAY)).toEqual(lines(30, () => ({})).map((_, index) => index + 1))
    expect(next.days[0]).toEqual({ day: DAY + 1, least: 119, most: 120, firstDay: DAY })
  })

  test('1,000 names are kept: those that were used last, and the most frequent of these', () => {
    const first = learned(undefined, '2026-11-01', named(900, 'old'))
    const second = learned(first, '2026-11-02', [...named(150, 'new'), event(1, { _n: 'old 899' })])
    expect(second.events).toHaveLength(1_000)
    const names = new Set(second.events.map(({ name }) => name))
    expect(names).toContain('new 149')
    expect(names).toContain('old 899')
    const many = learned(second, '2026-11-03', [
      ...named(1_200, 'rare'),
      ...lines(10, (index) => event(index, { _n: 'frequent' })),
    ])
    expect(many.events).toHaveLength(1_000)
    expect(many.events.at(-1)).toEqual({ name: 'frequent', last: 3 })
  })
})

test('fields of a newer version survive', () => {
  const profile = { ...learned(undefined, '2026-11-01'), future: 1 }
  const known = {
    ...profile,
    events: profile.events.map((name) => ({ ...name, future: 2 })),
    files: profile.files.map((file) => ({ ...file, future: 3 })),
  }
  const next = learned(parseProfile(JSON.parse(JSON.stringify(known))), '2026-11-02')
  expect(next).toMatchObject({ future: 1, events: [{ future: 2 }, { future: 2 }], files: [{ future: 3 }, {}] })
})

test('a stored profile is read as it was written', () => {
  const profile = learned(learned(undefined, '2026-11-01'), '2026-11-02')
  expect(parseProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'x'],
  ['another document', { ...learned(undefined, '2026-11-01'), schema: 'kissmetrics-importer/report/v1' }],
  ['a newer version', { ...learned(undefined, '2026-11-01'), schema: 'kissmetrics-importer/profile/v2' }],
  ['without files', { ...learned(undefined, '2026-11-01'), files: undefined }],
  ['with a name that is not text', { ...learned(undefined, '2026-11-01'), events: [{ name: 1, last: 1 }] }],
  [
    'with a volume that is not a number',
    { ...learned(undefined, '2026-11-01'), files: [{ at: '2026-11-01', lines: 'many', newNames: 0 }] },
  ],
])('%s is not a profile', (_what, value) => {
  expect(parseProfile(value)).toBeUndefined()
})

test('a file without a valid line has no first day', () => {
  const survey: SurveyPart = surveyOf(lines(100, () => ({ _p: 'p' })))
  expect(learn(undefined, survey, '2026-11-01').files).toEqual([{ at: '2026-11-01', lines: 100, newNames: 0 }])
})
