import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reject } from '../../../lambda/reasons.ts'
import type { SurveyPart } from '../../../lambda/survey/part.ts'
import { FileSurvey, mergeParts } from '../../../lambda/survey/survey.ts'
import { alias, event, surveyOf, TIME } from './surveyed.ts'

const DAY = Math.floor(TIME / 86_400)

test('lines, reasons, days, names with types, and aliases are counted, with the first line of each', () => {
  const part = surveyOf([
    '',
    event(1, { price: 1, plan: 'gold' }),
    'no JSON',
    event(2, { _n: 'Bought', _t: TIME - 86_400, price: '2.5' }),
    { _p: 'p3', _t: TIME, plan: 'silver', price: 'free' },
    event(3, { _t: 'yesterday' }),
    'no JSON',
    { ...alias('p1', 'cookie'), _n: 'Visited' },
  ])
  expect(part).toEqual({
    schema: 'kissmetrics-importer/survey/v1',
    lines: { valid: 4, rejected: 3, blank: 1 },
    rejections: [
      { reason: 'invalid_json', lines: 2, first: 3 },
      { reason: 'invalid_timestamp', lines: 1, first: 6 },
    ],
    days: [
      [DAY - 1, 1],
      [DAY, 3],
    ],
    events: {
      list: [
        { name: 'Visited', uses: 2, numbers: 0, first: 2 },
        { name: 'Bought', uses: 1, numbers: 0, first: 4 },
      ],
      unlisted: 0,
    },
    properties: {
      list: [
        { name: 'price', uses: 3, numbers: 2, first: 2 },
        { name: 'plan', uses: 2, numbers: 0, first: 2 },
      ],
      unlisted: 0,
    },
    aliases: { commands: 1, placeholders: 0, groups: expect.any(String), largest: { identities: 2, first: 8 }, isComplete: true },
  })
})

test('the reason for which the file would be rejected is kept', () => {
  const survey = new FileSurvey()
  survey.refuse(reject('object_unreadable'))
  expect(survey.part().refused).toBe('object_unreadable')
  expect(mergeParts([surveyOf([]), survey.part()]).refused).toBe('object_unreadable')
})

test('a survey contains no identity and no value', () => {
  const part = surveyOf([
    event(1, { _p: 'ann@example.com', plan: 'gold' }),
    alias('ann@example.com', 'cookie-4711'),
    alias('ann@example.com', 'bob'),
  ])
  const texts = [JSON.stringify(part), Buffer.from(part.aliases.groups, 'base64').toString('latin1')]
  for (const secret of ['ann', 'example.com', 'cookie', '4711', 'bob', 'gold'])
    for (const text of texts) expect(text).not.toContain(secret)
})

// prettier-ignore
test.each([
  [ 'mailto:unknown',        1 ],
  [ 'mailto:null@shop.com',  1 ],
  [ 'nu\u200bll',            1 ],
  [ 'gue\u00adst',           1 ],
  [ 'ann@example.com',       0 ],
  [ 'no@name.com',           0 ],
  [ 'N A',                   0 ], // initials
])('an alias to %j counts %i times as one to a placeholder', (other, placeholders) => {
  const part = surveyOf(['', alias('ann', other)])
  expect([part.lines.valid, part.aliases.placeholders]).toEqual([1, placeholders])
  expect(part.aliases.firstPlaceholder).toBe(placeholders === 1 ? 2 : undefined)
})

test('the survey of a split file is that of the whole file, however it is cut and in whatever order it is merged', () => {
  const identity = fc.nat(15).map((index) => `p${index}`)
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(identity, identity).map(([a, b]) => alias(a, b)) },
    fc.record({
      _p: identity,
      _t: fc.integer({ min: TIME - 9e6, max: TIME }),
      _n: fc.constantFrom('x', 'y'),
      z: fc.constantFrom(1, 'one'),
    }),
    fc.constantFrom('', '{', '{"_p":"a"}'),
  )
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 4 }),
      fc.boolean(),
      (all, cuts, isReversed) => {
        const starts = [0, ...cuts.filter((cut) => cut < all.length)].sort((a, b) => a - b)
        const parts = starts.map((start, index) => surveyOf(all.slice(start, starts[index + 1]), start + 1))
        expect(comparable(mergeParts(isReversed ? parts.toReversed() : parts))).toEqual(comparable(surveyOf(all)))
        expect(comparable(mergeParts([mergeParts(parts.slice(0, 2)), ...parts.slice(2)]))).toEqual(comparable(surveyOf(all)))
      },
    ),
  )
})

/** Without what the order of the parts decides: the order of lists, and of the members of a group. */
function comparable(part: SurveyPart): unknown {
  const byText = (list: readonly unknown[]) => list.map((item) => JSON.stringify(item)).sort()
  const groups = Buffer.from(part.aliases.groups, 'base64')
  return {
    ...part,
    rejections: byText(part.rejections),
    events: byText(part.events.list),
    properties: byText(part.properties.list),
    aliases: { ...part.aliases, groups: groups.length, largest: part.aliases.largest?.identities },
  }
}

test('a file with a new name in each line keeps 5,000 of them, and counts the uses of the others', () => {
  const texts = Array.from({ length: 5_100 }, (_, index) => event(index, { _n: `event ${index}` }))
  const { list, unlisted } = surveyOf(texts).events
  expect([list.length, unlisted]).toEqual([5_000, 100])
  const merged = mergeParts([surveyOf(texts.slice(0, 4_000)), surveyOf(texts.slice(4_000), 4_001)]).events
  expect([merged.list.length, merged.unlisted]).toEqual([5_000, 100])
})

test('long names are kept as long as all together have half a million characters', () => {
  const texts = Array.from({ length: 2_500 }, (_, index) => event(index, { _n: String(index).padStart(250, 'x') }))
  const { list, unlisted } = surveyOf(texts).events
  expect([list.length, unlisted]).toEqual([2_000, 500])
})
