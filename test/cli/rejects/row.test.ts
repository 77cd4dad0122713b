import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { contentOf } from '../../../cli/rejects/content.ts'
import { readRow, rowOf } from '../../../cli/rejects/row.ts'
import { lineField, toBody, type DeadLetter } from '../../../lambda/settle/dead-letter.ts'

function rejectOf(raw: string | Buffer, extra: Partial<DeadLetter> = {}) {
  const deadLetter: DeadLetter = {
    schema: 'kissmetrics-importer/dead-letter/v1',
    kind: 'line',
    reason: 'invalid_json',
    detail: 'It is wrong.',
    source: { bucket: 'b', key: 'incoming/a.json', line: 7 },
    ...lineField(raw, Buffer.byteLength(raw)),
    attempts: 0,
    replays: 0,
    failedAt: '2026-01-01T00:00:00Z',
    ...extra,
  }
  const body = toBody(deadLetter)
  return { id: 'm-1', sentAt: new Date(0), body, content: contentOf(body), status: 'queued', isIncludedByDefault: true } as const
}

describe('a row', () => {
  // prettier-ignore
  test.each([
    ['an object, as it is written',              '{"_p":"a","_t":1393344604.0,"n":12345678901234567890,"n":1e999}'],
    ['a text',                                   'no JSON at all'],
    ['a text that is JSON',                      '"quoted"'],
    ['a list',                                   '[{"_p":"a"}]'],
    ['a number',                                 '12'],
    ['nothing',                                  ''],
    ['a name __proto__',                         '{"__proto__":{"a":1}}'],
    ['what would turn the direction of writing', '{"_p":"\u202eevil","x":"\u0085"}'],
    ['an object that is not closed',             '{"_p":"a"'],
  ])('holds %s', (_what, line) => {
    const read = readRow(rowOf(rejectOf(line)), 3)
    expect(read).toMatchObject({ number: 3, id: 'm-1', isPatched: false })
    expect(read.line).toBe(line.replaceAll(/[\u0085\u202e]/g, (hidden) => `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`))
  })

  test('is one line of JSON that shows everything, and means what the line means', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.boolean(), (object, isObject) => {
        const line = isObject ? JSON.stringify(object) : `x${JSON.stringify(object)}`
        const row = rowOf(rejectOf(line))
        expect(row).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
        expect((JSON.parse(row) as { line: unknown }).line).toEqual(isObject ? JSON.parse(line) : line)
        const back = readRow(row, 1).line!
        expect(isObject ? JSON.parse(back) : back).toEqual(isObject ? JSON.parse(line) : line)
      }),
    )
  })

  test('shows bytes that are no text as far as they can be read, and has the rest written by a person', () => {
    const row = rowOf(rejectOf(Buffer.from('{"city":"Montr\xe9al"}', 'latin1')))
    expect(JSON.parse(row)).toMatchObject({ line: '{"city":"Montr\ufffdal"}', lineBase64: expect.any(String) as unknown })
    expect(readRow(row, 1).isPatched).toBe(true)
  })

  test('of a whole file has no line', () => {
    const deadLetter = { ...(JSON.parse(rejectOf('x').body) as DeadLetter), kind: 'file' as const, line: undefined }
    const body = JSON.stringify(deadLetter)
    const row = rowOf({ ...rejectOf('x'), body, content: contentOf(body) })
    expect(readRow(row, 1).line).toBeUndefined()
  })

  // prettier-ignore
  test.each([
    ['its parts in another order',     '{"line":{"_p":"a"},"id":"m"}',                 '{"_p":"a"}'],
    ['a text that was made an object', '{"id":"m","line":"{\\"_p\\":\\n\\"a\\"}"}',    '{"_p": "a"}'],
    ['no line',                        '{"id":"m"}',                                   undefined],
    ['null for a line',                '{"id":"m","line":null}',                       undefined],
    ['a list for a line',              '{"id":"m","line":[1]}',                        '[1]'],
  ])('may come back with %s', (_what, text, line) => {
    expect(readRow(text, 1).line).toBe(line)
  })

  // prettier-ignore
  test.each([
    ['[1]',                'it is not one JSON object on one line'],
    ['{"id":"m",}',        'it is not one JSON object on one line'],
    ['{"line":"x"}',       'it has no "id"'],
    ['{"id":7}',           'it has no "id"'],
  ])('is not %s', (text, why) => {
    expect(() => readRow(text, 1)).toThrow(why)
  })
})

// prettier-ignore
test.each([
  ['an event of S3',    '{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"incoming/a+b.json"}}}]}', { kind: 'failed-import', key: 'incoming/a b.json' }],
  ['a search',          '{"schema":"kissmetrics-importer/reconcile/v1"}',                                                                                          { kind: 'failed-import', key: '' }],
  ['no JSON',           'hello',                                                                                                                                   { kind: 'unknown' }],
  ['somebody else’s',   '{"schema":"orders/v1"}',                                                                                                                  { kind: 'unknown' }],
])('%s in the queue is told apart', (_what, body, content) => {
  expect(contentOf(body)).toEqual(content)
})
