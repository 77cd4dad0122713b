import { describe, expect, test } from '@jest/globals'
import { reject } from '../../../lambda/reasons.ts'
import { fileDeadLetter, lineDeadLetter } from '../../../lambda/settle/build-dead-letter.ts'
import { DEAD_LETTER_SCHEMA } from '../../../lambda/settle/dead-letter.ts'

const FAILED_AT = Date.parse('2026-01-02T03:04:05.678Z')
const REJECTION = reject('missing_identity')
const ORIGIN = {
  file: { bucket: 'b', key: 'incoming/a.json', versionId: 'v1', etag: 'e1', bytes: 99 },
  lastModified: new Date('2026-01-01T00:00:00Z'),
  replays: 2,
}
const SOURCE = {
  bucket: 'b',
  key: 'incoming/a.json',
  versionId: 'v1',
  etag: 'e1',
  lastModified: '2026-01-01T00:00:00.000Z',
}

describe('the dead letter for a line', () => {
  const line = { number: 7, byteStart: 100, byteEnd: 104, text: '{"a"' }

  test('carries the line, its position, the reason and how often it was tried', () => {
    expect(lineDeadLetter(ORIGIN, line, REJECTION, 3, FAILED_AT)).toEqual({
      schema: DEAD_LETTER_SCHEMA,
      kind: 'line',
      reason: 'missing_identity',
      detail: REJECTION.detail,
      source: { ...SOURCE, line: 7, byteStart: 100, byteEnd: 104 },
      line: '{"a"',
      attempts: 3,
      replays: 2,
      failedAt: '2026-01-02T03:04:05.678Z',
    })
  })

  test('carries the bytes of a line that is not UTF-8', () => {
    const bytes = Buffer.from([0x22, 0xff])
    const fault = { reason: 'invalid_encoding', bytes } as const
    const deadLetter = lineDeadLetter(
      ORIGIN,
      { ...line, byteEnd: 102, text: '', fault },
      reject('invalid_encoding'),
      0,
      FAILED_AT,
    )
    expect(deadLetter).toMatchObject({ lineBase64: bytes.toString('base64') })
    expect(deadLetter).not.toHaveProperty('line')
  })

  test('knows that a line that was too long was cut', () => {
    const fault = { reason: 'line_too_long', bytes: Buffer.from('start') } as const
    const long = { ...line, byteEnd: 5_000_000, text: '', fault }
    expect(lineDeadLetter(ORIGIN, long, reject('line_too_long'), 0, FAILED_AT)).toMatchObject({
      line: 'start',
      lineTruncated: true,
      source: { byteStart: 100, byteEnd: 5_000_000 },
    })
  })
})

describe('the dead letter for a file', () => {
  test('carries no line', () => {
    expect(fileDeadLetter(ORIGIN, REJECTION, FAILED_AT)).toEqual({
      schema: DEAD_LETTER_SCHEMA,
      kind: 'file',
      reason: 'missing_identity',
      detail: REJECTION.detail,
      source: SOURCE,
      attempts: 0,
      replays: 2,
      failedAt: '2026-01-02T03:04:05.678Z',
    })
  })

  test('leaves out what is unknown of the object', () => {
    expect(fileDeadLetter({ file: { bucket: 'b', key: 'k' }, replays: 0 }, REJECTION, FAILED_AT).source).toEqual({
      bucket: 'b',
      key: 'k',
    })
  })
})
