import { describe, expect, test } from '@jest/globals'
import {
  BRAKE_SCHEMA,
  MAX_CANCELLATIONS,
  NO_BRAKE,
  orderFor,
  parseBrake,
  withCancellation,
  withLimit,
  withoutLimit,
  withoutPause,
  withPause,
  type Brake,
} from '../../../lambda/control/brake.ts'
import { NewerVersionError, SetupError } from '../../../lambda/errors.ts'

const AT = '2026-01-01T00:00:00.000Z'
const KEY = 'incoming/a.json'
const FILE = { bucket: 'b', key: KEY, versionId: 'v1', etag: 'e' }
const CANCELLED: Brake = { ...NO_BRAKE, cancelled: [{ key: KEY, version: 'v1', at: AT }] }
const PAUSED: Brake = { ...NO_BRAKE, paused: { since: AT } }

// prettier-ignore
test.each([
  //  the document says                the file                                      is
  [ 'nothing',                         NO_BRAKE,   FILE,                             undefined ],
  [ 'that imports are paused',         PAUSED,     FILE,                             { kind: 'paused', since: AT } ],
  [ 'that this version is cancelled',  CANCELLED,  FILE,                             { kind: 'cancelled', at: AT } ],
  [ 'both',                            { ...PAUSED, ...CANCELLED, ...withPause(CANCELLED, AT) }, FILE, { kind: 'cancelled', at: AT } ],
  [ 'that another version is',         CANCELLED,  { ...FILE, versionId: 'v2' },     undefined ],
  [ 'that another file is',            CANCELLED,  { ...FILE, key: 'incoming/b' },   undefined ],
  [ 'an ETag, in a bucket without versions', { ...NO_BRAKE, cancelled: [{ key: KEY, version: 'e', at: AT }] }, { bucket: 'b', key: KEY, etag: '"e"' }, { kind: 'cancelled', at: AT } ],
])('a brake that says %s', (_what, brake, file, order) => {
  expect(orderFor(brake, file)).toEqual(order)
})

describe('the stored document', () => {
  test('does not exist before the first order', () => {
    expect(parseBrake(undefined)).toEqual(NO_BRAKE)
  })

  test('keeps the fields of a newer version', () => {
    const stored = { ...CANCELLED, owner: 'x', cancelled: [{ key: KEY, version: 'v1', at: AT, by: 'y' }] }
    expect(parseBrake({ value: stored })).toEqual(stored)
    expect(withoutLimit(withLimit(withoutPause(withPause(parseBrake({ value: stored }), AT)), 5))).toEqual(stored)
  })

  test('of a newer form is not read', () => {
    const newer = { schema: BRAKE_SCHEMA.replace('v1', 'v2'), cancelled: [] }
    expect(() => parseBrake({ value: newer })).toThrow(NewerVersionError)
  })

  // prettier-ignore
  test.each([
    ['that is not JSON',            undefined],
    ['of another kind',             { schema: 'kissmetrics-importer/report/v1' }],
    ['without its list',            { schema: BRAKE_SCHEMA }],
    ['with a limit of zero',        { ...NO_BRAKE, limit: { linesPerSecond: 0 } }],
    ['with a limit that is text',   { ...NO_BRAKE, limit: { linesPerSecond: '5' } }],
    ['with a pause without a time', { ...NO_BRAKE, paused: {} }],
  ])('%s stops everything, because it may say that nothing must be sent', (_what, value) => {
    expect(() => parseBrake({ value })).toThrow(SetupError)
    expect(() => parseBrake({ value })).toThrow('control/brake.json in the bucket of the importer is damaged')
  })
})

test('a second pause keeps the time of the first', () => {
  expect(withPause(PAUSED, '2026-02-02T00:00:00.000Z')).toEqual(PAUSED)
})

test('a version is cancelled once, and the number of cancellations is bounded', () => {
  expect(withCancellation(CANCELLED, { key: KEY, version: 'v1', at: '2026-02-02T00:00:00.000Z' })).toEqual(CANCELLED)
  let brake: Brake | undefined = NO_BRAKE
  let count = 0
  for (; brake !== undefined && count <= MAX_CANCELLATIONS; count += 1)
    brake = withCancellation(brake, { key: KEY, version: `v${count}`, at: AT })
  expect({ count, brake }).toEqual({ count: MAX_CANCELLATIONS + 1, brake: undefined })
})
