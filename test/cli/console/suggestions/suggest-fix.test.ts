import { expect, test } from '@jest/globals'
import { suggestFix } from '../../../../cli/console/suggestions/suggest-fix.ts'
import { parseLine } from '../../../../lambda/parse/line.ts'

// prettier-ignore
test.each([
  // line                                                        suggested fix
  [ '{"_p":"a","_t":1393344604000,"_n":"x"}',                    { kind: 'ms-timestamps' } ],
  [ '{"_p":"a","_t":1393344604,"_n":"x"},',                      { kind: 'trim' } ],
  [ '{"_p":"a","_t":"2014-02-25","_n":"x"}',                      { kind: 'dates' } ],
  [ '{"_p":"a","_t":"yesterday","_n":"x"}',                       undefined ],
  [ '{"_p":"a","city":"\\303\\251"}',                             { kind: 'octal' } ],
  [ '\ufeff{"_p":"a","_t":1393344604,"_n":"x"}',                 { kind: 'bom' } ],
  [ '{"_p":"a"}{"_p":"b"}',                                       { kind: 'split-objects' } ],
  [ '"{\\"_p\\":\\"a\\"}"',                                       { kind: 'unpack' } ],
  [ '{"_p":"a","_t":1393344604,"_n ":"x"}',                       { kind: 'trim' } ],
  [ '{"_source":{"_p":"a","_t":1}}',                              { kind: 'lift', name: '_source' } ],
  [ '{"links":[{"_p":"a"}]}',                                     { kind: 'list', name: 'links' } ],
  [ '{"_t":1393344604,"_n":"x"}',                                { kind: 'rename', to: '_p' } ],
  [ '{"_p":"a","_n":"x"}',                                       { kind: 'rename', to: '_t' } ],
  [ '{"_p":"a","_t":1393344604,"_p2":"a"}',                      { kind: 'drop', name: '_p2' } ],
  [ '{"_p":"a","_t":1393344604,"_k":"1"}',                       { kind: 'drop', name: '_k' } ],
  [ '{"_p":"a","_t":1393344604,"the \\"tags\\"":[1]}',           { kind: 'drop', name: 'the "tags"' } ],
  [ `{"_p":"a","_t":1393344604,"${'x'.repeat(90)}":[1]}`,        { kind: 'drop' } ],
  [ '{"_p":"a","_t":1393344604}',                                undefined ],
])('for %s', (line, fix) => {
  const rejection = parseLine(line, { latestTime: 2e9 })
  if (rejection.kind !== 'rejection') throw new Error('the line is valid')
  expect(suggestFix(rejection.reason, rejection.detail)).toEqual(fix)
})

test('a detail that another program wrote does no harm', () => {
  expect(suggestFix('reserved_name', 'odd ("\\q" it is)')).toEqual({ kind: 'drop' })
})
