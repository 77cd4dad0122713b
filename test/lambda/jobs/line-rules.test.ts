import { expect, test } from '@jest/globals'
import { SetupError } from '../../../lambda/errors.ts'
import { lineRulesFor } from '../../../lambda/jobs/line-rules.ts'
import { parseLine } from '../../../lambda/parse/line.ts'

const WRITTEN = new Date('2026-01-01T00:00:00Z')
const SECONDS = WRITTEN.getTime() / 1000
const DAY = 86_400

const lineAt = (time: number): string => `{"_p":"a","_n":"e","_t":${time}}`

// prettier-ignore
test.each([
  //  a time                                                     seconds               result
  [ 'when the file was written',                                 SECONDS,              'parsed' ],
  [ 'a day later, because clocks differ',                        SECONDS + DAY,        'parsed' ],
  [ 'more than a day later: whatever the time is now',           SECONDS + DAY + 1,    'rejection' ],
])('whether a time is in the future depends on the file: %s', (_what, time, kind) => {
  expect(parseLine(lineAt(time), lineRulesFor(WRITTEN)).kind).toBe(kind)
})

test('import rules change lines; without them, a line costs nothing', () => {
  expect(lineRulesFor(WRITTEN).changes).toBeUndefined()
  expect(lineRulesFor(WRITTEN, []).changes).toBeUndefined()
  const { changes } = lineRulesFor(WRITTEN, [{ fix: 'ms-timestamps' }])
  expect(changes?.invalid(lineAt(SECONDS * 1000))).toMatchObject({ lines: [lineAt(SECONDS)], by: ['ms-timestamps'] })
})

test('a rule that cannot be used is for a person to correct', () => {
  expect(() => lineRulesFor(WRITTEN, [{ fix: 'no-such-rule' }])).toThrow(SetupError)
})
