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

describe('a draft is validated with the import rules of its file, because it is sent in the form of the other lines', () => {
  const MILLISECONDS = '{"_p":"bob","_t":1393344604000,"_n":"Paid"}'
  // prettier-ignore
  test.each([
    // draft                                     text                                               rules                                             reason
    [ 'a line that they make valid',             MILLISECONDS,                                      [{ fix: 'ms-timestamps' }],                       undefined ],
    [ 'a line that they make invalid',           '{"_p":"bob","_t":1393344604,"_n":"Paid","plan":"x"}', [{ fix: 'rename:plan=_k', lines: 'all' }],    'reserved_name' ],
    [ 'a line that they leave out',              '{"_p":"bob","_t":1393344604,"_n":"Test"}',        [{ fix: 'skip:_n=Test' }],                        undefined ],
    [ 'a line that they do not concern',         '{"_p":"bob","_t":1393344604,"_n":"Paid"}',                               [{ fix: 'ms-timestamps' }],                       undefined ],
    [ 'a line, by rules of a newer version',     MILLISECONDS,                                      [{ fix: 'a-fix-of-a-newer-version' }],            'timestamp_in_milliseconds' ],
  ] as const)('%s', (_, text, rules, reason) => {
    expect(rejectionOfDraft({ row: { hasInvalidBytes: false, rules } as Partial<RejectedRow> as RejectedRow, text })?.reason).toBe(reason)
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
