import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readRow, rowOf } from '../../../cli/rejects/row.ts'
import { deadLetterOf, GROUP } from './fixtures.ts'
import { anyText } from '../../support/any-text.ts'

const rowFor = (line: string | Buffer): string => rowOf('m-1', deadLetterOf(line))

describe('a row', () => {
  // prettier-ignore
  test.each([
    ['an object, as it is in the file',            '{"_p":"a","_t":1393344604.0,"n":12345678901234567890,"n":1e999}'],
    ['text',                                       'not JSON at all'],
    ['text that is a JSON string',                 '"quoted"'],
    ['an array',                                   '[{"_p":"a"}]'],
    ['a number',                                   '12'],
    ['an empty line',                              ''],
    ['a property named __proto__',                 '{"__proto__":{"a":1}}'],
    ['characters that change the text direction',  '{"_p":"\u202eevil","x":"\u0085"}'],
    ['an object that is not closed',               '{"_p":"a"'],
  ])('contains %s', (_what, line) => {
    const read = readRow(rowFor(line), 3)
    expect(read).toMatchObject({ number: 3, id: 'm-1', isPatched: false })
    expect(read.line).toBe(line.replaceAll(/[\u0085\u202e]/g, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`))
  })

  test('contains the fixed line instead of the line of the dead letter', () => {
    expect(readRow(rowOf('m-1', deadLetterOf('{"_t":1000}'), '{"_t":1}'), 1).line).toBe('{"_t":1}')
  })

  test('is one line of JSON without hidden characters, and its line has the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText(), fc.jsonValue()), fc.boolean(), (object, isObject) => {
        const line = isObject ? JSON.stringify(object) : `x${JSON.stringify(object)}`
        const row = rowFor(line)
        expect(row).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
        expect((JSON.parse(row) as { line: unknown }).line).toEqual(isObject ? JSON.parse(line) : line)
        const read = readRow(row, 1).line!
        expect(isObject ? JSON.parse(read) : read).toEqual(isObject ? JSON.parse(line) : line)
      }),
      { numRuns: 50 },
    )
  })

  test('marks bytes that are not UTF-8, and carries them in base64', () => {
    const row = rowFor(Buffer.from('{"city":"Montr\xe9al"}', 'latin1'))
    expect(JSON.parse(row)).toMatchObject({ line: '{"city":"Montr\ufffdal"}', lineBase64: expect.any(String) as unknown })
    expect(readRow(row, 1).isPatched).toBe(true)
  })

  test('about a file has no line', () => {
    const { line: _line, ...file } = deadLetterOf('x', { kind: 'file' })
    expect(readRow(rowOf('m-1', file), 1).line).toBeUndefined()
  })

  test('about many lines says where they are, and has no line', () => {
    const { line: _line, ...rest } = deadLetterOf('x', { kind: 'group', group: GROUP })
    const row = rowOf('m-1', rest)
    expect(JSON.parse(row)).toMatchObject({ group: GROUP })
    expect(readRow(row, 1)).toMatchObject({ line: undefined, isGroup: true })
    expect(readRow(rowFor('{}'), 1).isGroup).toBe(false)
  })

  // prettier-ignore
  test.each([
    ['members in another order',          '{"line":{"_p":"a"},"id":"m"}',                 '{"_p":"a"}'],
    ['a string that became an object',    '{"id":"m","line":"{\\"_p\\":\\n\\"a\\"}"}',    '{"_p": "a"}'],
    ['no line',                           '{"id":"m"}',                                   undefined],
    ['null as its line',                  '{"id":"m","line":null}',                       undefined],
    ['an array as its line',              '{"id":"m","line":[1]}',                        '[1]'],
  ])('may be edited to have %s', (_what, text, line) => {
    expect(readRow(text, 1).line).toBe(line)
  })

  // prettier-ignore
  test.each([
    ['[1]',                'it is not one JSON object on one line'],
    ['{"id":"m",}',        'it is not one JSON object on one line'],
    ['{"line":"x"}',       'it has no "id"'],
    ['{"id":7}',           'it has no "id"'],
  ])('cannot be %s', (text, why) => {
    expect(() => readRow(text, 1)).toThrow(expect.objectContaining({ code: 'row_error', message: expect.stringContaining(why) as unknown }))
  })
})
