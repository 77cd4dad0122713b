import { describe, expect, test } from '@jest/globals'
import type { RejectedRow } from '../../../../../cli/console/api-types.ts'
import { errorPosition, rejectionOfDraft } from '../../../../../cli/console/page/rejected/validate-draft.ts'
import { onOneLine } from '../../../../../lambda/rules/lines-of.ts'

describe('a draft is validated by the importer’s own rules', () => {
  // prettier-ignore
  test.each([
    // draft                             text                                                    invalid bytes  reason
    [ 'a valid line',                    '{"_p":"bob","_t":1393344604,"_n":"Paid"}',             false,         undefined ],
    [ 'a line with line breaks',         '{"_p":"bob",\n"_t":1393344604,\n"_n":"Paid"}\n',       false,         undefined ],
    [ 'milliseconds',                    '{"_p":"bob","_t":1393344604000,"_n":"Paid"}',          false,         'timestamp_in_milliseconds' ],
    [ 'an empty line',                   ' ',                                                    false,         'nothing_to_import' ],
    [ 'unreadable bytes, not replaced',  '{"_p":"b\ufffdb","_t":1393344604,"_n":"x"}',           true,          'invalid_encoding' ],
    [ 'unreadable bytes, replaced',      '{"_p":"béb","_t":1393344604,"_n":"x"}',                true,          undefined ],
  ])('%s', (_, text, hasInvalidBytes, reason) => {
    expect(rejectionOfDraft({ row: { hasInvalidBytes } as RejectedRow, text })?.reason).toBe(reason)
  })
})

describe('the position of a JSON error in the edited text', () => {
  // prettier-ignore
  test.each([
    // text                       detail                                                          position
    [ '{"a":1,}',                 'The line is not valid JSON (column 8: an extra comma).',       7 ],
    [ '\n {"a":\r\n1,}',          'The line is not valid JSON (column 9: an extra comma).',       11 ],
    [ '{}',                       'The person is missing.',                                       undefined ],
  ])('%j', (text, detail, position) => {
    expect(errorPosition(text, detail)).toBe(position)
  })

  test('counts a line break as one character, as it is sent', () => {
    expect(onOneLine('  {"a":1,\r\n\n "b":2}\n')).toBe('{"a":1,  "b":2}')
  })
})
