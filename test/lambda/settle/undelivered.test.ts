import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { readUndelivered, undeliveredDocument, type Replaced, type Undelivered } from '../../../lambda/settle/undelivered.ts'

const REPLACED: Replaced = { bucket: 'b', key: 'incoming/a.json', versionId: 'v1', line: 7, countedAs: 'rejected', by: [1, 2] }

// prettier-ignore
test.each<[string, Undelivered]>([
  [ 'a file',                                 { lines: [[2, 3], [7, 7]] } ],
  [ 'a file whose lines were all delivered',  { lines: [] } ],
  [ 'a file of fixed lines',                  { lines: [[1, 2]], replaced: [REPLACED] } ],
])('what is stored about %s is read again', (_what, undelivered) => {
  const stored: unknown = JSON.parse(JSON.stringify(undeliveredDocument(undelivered)))
  expect(readUndelivered(stored, 'key')).toMatchObject(undelivered)
})

describe('nothing is known from a document that', () => {
  const valid = undeliveredDocument({ lines: [], replaced: [REPLACED] })

  // prettier-ignore
  test.each([
    [ 'does not exist',                       undefined ],
    [ 'is of another kind',                   { ...valid, schema: 'kissmetrics-importer/report/v1' } ],
    [ 'has no lines',                         { ...valid, lines: undefined } ],
    [ 'replaces a line without a number',     { ...valid, replaced: [{ ...REPLACED, line: 0 }] } ],
    [ 'counts a line in a way nothing does',  { ...valid, replaced: [{ ...REPLACED, countedAs: 'lost' }] } ],
  ])('%s', (_what, value) => {
    expect(readUndelivered(value, 'key')).toBeUndefined()
  })
})

test('a document of a newer version is an error, not a document that says nothing', () => {
  const newer = { schema: 'kissmetrics-importer/undelivered/v2' }
  expect(() => readUndelivered(newer, 'reports/a/undelivered.json')).toThrow(new NewerVersionError('reports/a/undelivered.json'))
})
