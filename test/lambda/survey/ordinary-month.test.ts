import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { HoldRule } from '../../../lambda/survey/hold-rules.ts'
import { findHolds } from '../../../lambda/survey/holds.ts'
import type { SurveyPart } from '../../../lambda/survey/part.ts'
import { learn, type Profile } from '../../../lambda/survey/profile.ts'
import { seeded } from '../../support/seeded.ts'
import { ordinaryDays } from './ordinary-days.ts'
import { alias, DEFAULTS, surveyOf, TIME } from './surveyed.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const uploadedOn = (day: number) => new Date((TIME + day * 86_400) * 1000).toISOString()
const holdsOf = (survey: SurveyPart, profile: Profile | undefined) => findHolds(survey, profile, DEFAULTS, { isReplay: false })

test('no file of an ordinary month is held, from the first one on', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      let profile: Profile | undefined
      for (const [day, survey] of [...ordinaryDays(seeded(seed))].entries()) {
        expect({ day, holds: holdsOf(survey, profile) }).toEqual({ day, holds: [] })
        profile = learn(profile, survey, uploadedOn(day))
      }
    }),
    { numRuns: 200 },
  )
})

const isLarge = ({ lines }: SurveyPart) => lines.valid > 2_000

/** Each mistake makes a wrong file of an ordinary one. */
const MISTAKES: readonly (readonly [what: string, rule: HoldRule, make: (survey: SurveyPart) => SurveyPart])[] = [
  [
    'all people are aliases of one address',
    'merged_people',
    (survey) => ({
      ...survey,
      aliases: surveyOf(Array.from({ length: 100 }, (_, index) => alias(`p${index}`, 'office@shop.com'))).aliases,
    }),
  ],
  [
    'every line has milliseconds',
    'rejected_lines',
    (survey) => ({
      ...survey,
      lines: { valid: 0, rejected: survey.lines.valid + survey.lines.rejected, blank: 0 },
      rejections: [{ reason: 'timestamp_in_milliseconds', lines: survey.lines.valid + survey.lines.rejected, first: 1 }],
    }),
  ],
  [
    'the name of the product is in the name of the event',
    'new_names',
    (survey) => ({
      ...survey,
      events: {
        list: Array.from({ length: 500 }, (_, index) => ({ name: `Bought product ${index}`, uses: 5, numbers: 0, first: 1 })),
        unlisted: 0,
      },
    }),
  ],
  [
    'the names have no spaces',
    'similar_names',
    (survey) => ({
      ...survey,
      events: { ...survey.events, list: survey.events.list.map((use) => ({ ...use, name: use.name.replace(' ', '_') })) },
    }),
  ],
  [
    'numbers have a currency, and texts are ids',
    'changed_type',
    (survey) => ({
      ...survey,
      properties: {
        ...survey.properties,
        list: survey.properties.list.map((use) => ({ ...use, numbers: use.uses - use.numbers })),
      },
    }),
  ],
  [
    'an export of everything',
    'unusual_volume',
    (survey) => ({ ...survey, lines: { ...survey.lines, valid: survey.lines.valid * 100 } }),
  ],
  [
    'a hundredth of the lines',
    'unusual_volume',
    (survey) => ({ ...survey, lines: { ...survey.lines, valid: Math.max(100, Math.floor(survey.lines.valid / 100)) } }),
  ],
  [
    'the wrong year',
    'older_lines',
    (survey) => ({ ...survey, days: survey.days.map(([day, lines]) => [day - 3_652, lines] as const) }),
  ],
]

describe('a mistake in one file of it is held', () => {
  test.each(MISTAKES)('%s', (_what, rule, make) => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 10, max: 28 }), (seed, day) => {
        const days = [...ordinaryDays(seeded(seed))]
        fc.pre(
          days.every(isLarge) && days[day]!.properties.list.some(({ uses, numbers }) => uses > 1_000 && numbers % uses === 0),
        )
        const profile = days
          .slice(0, day)
          .reduce<Profile | undefined>((before, survey, at) => learn(before, survey, uploadedOn(at)), undefined)
        expect(holdsOf(make(days[day]!), profile).map((hold) => hold.rule)).toContain(rule)
      }),
      { numRuns: 10 },
    )
  })
})
