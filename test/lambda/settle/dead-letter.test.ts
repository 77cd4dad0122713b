import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MAX_LINE_BYTES, lineField, lineOf, toBody, type DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { envelopeBytes, MAX_BATCH_BYTES } from '../../../lambda/settle/batching.ts'
import { anyText } from '../../support/any-text.ts'

const DEAD_LETTER: DeadLetter = {
  schema: 'kissmetrics-importer/dead-letter/v1',
  kind: 'line',
  reason: 'invalid_json',
  detail: 'The line is not valid JSON.',
  source: { bucket: 'b', key: 'incoming/a.json', line: 1, byteStart: 0, byteEnd: 1 },
  attempts: 0,
  replays: 0,
  failedAt: '2026-01-01T00:00:00.000Z',
}

/** Amazon SQS, SendMessage. */
const ONLY_ALLOWED = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u

describe('SQS accepts the dead letter of any line', () => {
  test('any text makes a body that SQS accepts, and can be read back from it', () => {
    fc.assert(
      fc.property(anyText(), fc.constantFrom('', '\uFFFE', '\uFFFF', '\uD800', '\u0000', '\u0085', '\u{1FFFE}'), (text, odd) => {
        const body = toBody({ ...DEAD_LETTER, line: text + odd, source: { ...DEAD_LETTER.source, key: odd + text } })
        expect(body).toMatch(ONLY_ALLOWED)
        expect(JSON.parse(body)).toEqual({
          ...DEAD_LETTER,
          line: text + odd,
          source: { ...DEAD_LETTER.source, key: odd + text },
        })
      }),
    )
  })

  // prettier-ignore
  test.each([
    //  a long line of                bytes
    [ 'plain text',                   Buffer.alloc(300_000, 'x') ],
    [ 'zeros',                        Buffer.alloc(300_000) ],
    [ 'quotes',                       Buffer.alloc(300_000, '"') ],
    [ 'characters of three bytes',    Buffer.from('名'.repeat(100_000)) ],
    [ 'bytes that are not UTF-8',      Buffer.alloc(300_000, 0xff) ],
    [ 'U+FFFE',                       Buffer.from('\uFFFE'.repeat(100_000)) ],
  ])('a long line of %s fits into a message', (_what, bytes) => {
    const body = toBody({ ...DEAD_LETTER, ...lineField(bytes, bytes.length) })
    expect(envelopeBytes({ body, attributes: { reason: 'x', key: 'x'.repeat(1_024) } })).toBeLessThanOrEqual(MAX_BATCH_BYTES)
    expect(body).toMatch(ONLY_ALLOWED)
  })
})

describe('a dead letter carries its line', () => {
  test('whole, as text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const field = lineField(text, Buffer.byteLength(text))
        expect(field).toEqual({ line: text })
        expect(lineOf({ ...DEAD_LETTER, ...field })?.toString()).toBe(text)
      }),
    )
  })

  test('as base64, if its bytes are not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const line = Buffer.concat([bytes, Buffer.from([0xff])])
        const field = lineField(line, line.length)
        expect(field).toEqual({ lineBase64: line.toString('base64') })
        expect(lineOf({ ...DEAD_LETTER, ...field })?.equals(line)).toBe(true)
      }),
    )
  })

  // prettier-ignore
  test.each([
    //  bytes                     cut
    [ MAX_LINE_BYTES,         undefined ],
    [ MAX_LINE_BYTES + 1,     true ],
  ])('cut if it is longer than 200 KiB: %i bytes', (bytes, cut) => {
    const field = lineField('x'.repeat(bytes), bytes)
    expect(field.lineTruncated).toBe(cut)
    expect(field.line).toHaveLength(MAX_LINE_BYTES)
    expect(lineOf({ ...DEAD_LETTER, ...field }) === undefined).toBe(cut === true)
  })

  test('cut between two characters, never through one', () => {
    for (const shift of [0, 1, 2]) {
      const text = 'x'.repeat(shift) + '名'.repeat(100_000)
      const { line = '', lineTruncated } = lineField(text, Buffer.byteLength(text))
      expect(lineTruncated).toBe(true)
      expect(text.startsWith(line)).toBe(true)
      expect(Buffer.byteLength(line)).toBeGreaterThan(MAX_LINE_BYTES - 3)
    }
  })

  test('and says so if the bytes were cut before', () => {
    expect(lineField(Buffer.from('start'), 1_000_000)).toEqual({ line: 'start', lineTruncated: true })
  })
})
