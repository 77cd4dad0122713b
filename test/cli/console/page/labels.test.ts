import { expect, test } from '@jest/globals'
import { meansOf, fixTextOf, suggestFix } from '../../../../cli/console/page/labels.ts'
import { MESSAGE_REASONS } from '../../../../cli/rejects/content.ts'
import { parseLine } from '../../../../lambda/parse/line.ts'
import { REASONS, type ReasonCode } from '../../../../lambda/reasons.ts'

test('every reason for which something waits has words', () => {
  for (const reason of [...Object.keys(REASONS), ...Object.keys(MESSAGE_REASONS)] as ReasonCode[])
    expect([meansOf(reason), fixTextOf(reason)]).not.toContain('')
})

test('a reason of a newer importer is shown as it is', () => {
  expect(meansOf('from_tomorrow' as ReasonCode)).toBe('from_tomorrow')
})

// prettier-ignore
test.each([
  // the line                                                    the fix that fits
  [ '{"_p":"a","_t":1393344604000,"_n":"x"}',                    { kind: 'ms-timestamps' } ],
  [ '{"_p":"a","_t":1393344604,"_n":"x"},',                      { kind: 'trim' } ],
  [ '{"_t":1393344604,"_n":"x"}',                                { kind: 'rename', to: '_p' } ],
  [ '{"_p":"a","_n":"x"}',                                       { kind: 'rename', to: '_t' } ],
  [ '{"_p":"a","_t":1393344604,"_p2":"a"}',                      { kind: 'drop', name: '_p2' } ],
  [ '{"_p":"a","_t":1393344604,"_k":"1"}',                       { kind: 'drop', name: '_k' } ],
  [ '{"_p":"a","_t":1393344604,"the \\"tags\\"":[1]}',           { kind: 'drop', name: 'the "tags"' } ],
  [ `{"_p":"a","_t":1393344604,"${'x'.repeat(90)}":[1]}`,        { kind: 'drop' } ],
  [ '{"_p":"a","_t":1393344604}',                                undefined ],
])('for %s', (line, fix) => {
  const rejection = parseLine(line, { latestTime: 2e9 })
  if (rejection.kind !== 'rejection') throw new Error('the line can be sent')
  expect(suggestFix(rejection.reason, rejection.detail)).toEqual(fix)
})

test('a detail that somebody else wrote is no trouble', () => {
  expect(suggestFix('reserved_name', 'odd ("\\q" it is)')).toEqual({ kind: 'drop' })
})
