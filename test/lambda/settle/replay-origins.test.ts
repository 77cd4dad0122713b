import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { DEAD_LETTER_SCHEMA, type DeadLetter, type LineOrigin } from '../../../lambda/settle/dead-letter.ts'
import {
  lineOfDeadLetter,
  originOf,
  readReplayOrigins,
  replacedBy,
  replayOrigins,
  REPLAY_ORIGINS_SCHEMA,
} from '../../../lambda/settle/replay-origins.ts'

const FILE = { bucket: 'b', key: 'incoming/a.json', versionId: 'v1', etag: 'e' }
const UNVERSIONED = { bucket: 'b', key: 'incoming/b.json', etag: 'e' }
const REPLAY = { bucket: 'b', key: 'incoming/replays/r.json', versionId: 'r1' }
const FIRST: LineOrigin = { ...FILE, line: 70 }

function deadLetter(source: DeadLetter['source'], extra: Partial<DeadLetter> = {}): DeadLetter {
  return {
    ...{ schema: DEAD_LETTER_SCHEMA, kind: 'line', reason: 'invalid_json', detail: 'd', source },
    ...{ attempts: 0, replays: 0, failedAt: '2026-01-01T00:00:00.000Z', ...extra },
  }
}

const AS_STORED = { lastModified: '2026-01-01T00:00:00.000Z', byteStart: 0, byteEnd: 9 }

describe('the line that a dead letter is about', () => {
  // prettier-ignore
  test.each<[string, Partial<DeadLetter>, string]>([
    [ 'was rejected',                                                       {},                                                         'rejected' ],
    [ 'was refused by the endpoint',                                        { reason: 'endpoint_refused' },                             'undeliverable' ],
    [ 'was rejected, and its replay was refused: its report counts it so',  { reason: 'endpoint_refused', countedAs: 'rejected' },      'rejected' ],
    [ 'was refused, and its replay was rejected: its report counts it so',  { countedAs: 'undeliverable' },                             'undeliverable' ],
  ])('%s', (_what, extra, countedAs) => {
    expect(lineOfDeadLetter(deadLetter({ ...FILE, ...AS_STORED, line: 7 }, extra))).toEqual({ ...FILE, line: 7, countedAs })
  })

  test('is none if it is about a whole file', () => {
    expect(lineOfDeadLetter(deadLetter(FILE, { kind: 'file' }))).toBeUndefined()
  })
})

describe('of each line of a file of fixed lines is known', () => {
  const origins = replayOrigins([
    deadLetter({ ...FILE, ...AS_STORED, line: 7 }),
    deadLetter({ ...UNVERSIONED, line: 3 }, { reason: 'endpoint_refused' }),
    deadLetter({ ...REPLAY, line: 2 }, { origin: FIRST }),
    deadLetter({ ...FILE, line: 7 }), // the same line, split into two
    deadLetter({ ...FILE, versionId: 'v2', line: 7 }), // of another upload
  ])

  // prettier-ignore
  test.each([
    //        which line it replaces                                          where that line was first
    [ 1, { ...FILE, line: 7, countedAs: 'rejected' },                         { ...FILE, line: 7 } ],
    [ 2, { ...UNVERSIONED, line: 3, countedAs: 'undeliverable' },             { ...UNVERSIONED, line: 3 } ],
    [ 3, { ...REPLAY, line: 2, countedAs: 'rejected' },                       FIRST ],
    [ 4, { ...FILE, line: 7, countedAs: 'rejected' },                         { ...FILE, line: 7 } ],
    [ 5, { ...FILE, versionId: 'v2', line: 7, countedAs: 'rejected' },        { ...FILE, versionId: 'v2', line: 7 } ],
    [ 6, undefined,                                                           undefined ],
  ])('line %d: what it replaces, and where that was first', (line, replaced, origin) => {
    const stored = readReplayOrigins(JSON.parse(JSON.stringify(origins)), 'key')!
    expect([replacedBy(stored, line), originOf(stored, line)]).toEqual([replaced, origin])
  })

  test('each file only once, however many lines it has', () => {
    expect(origins.files).toEqual([FILE, UNVERSIONED, REPLAY, { ...FILE, versionId: 'v2' }])
  })
})

test('a line that replaces a whole file, or names a file that is not there, replaces no line', () => {
  const whole = replayOrigins([deadLetter(FILE, { kind: 'file' })])
  expect([replacedBy(whole, 1), originOf(whole, 1)]).toEqual([undefined, undefined])
  const damaged = { ...whole, lines: [[9, 1, 'rejected', 9, 1] as [number, number, 'rejected', number, number]] }
  expect([replacedBy(damaged, 1), originOf(damaged, 1)]).toEqual([undefined, undefined])
})

// prettier-ignore
test.each([
  [ 'does not exist',              undefined ],
  [ 'is of another kind',          { schema: 'kissmetrics-importer/report/v1', files: [], lines: [] } ],
  [ 'has a line of another form',  { schema: REPLAY_ORIGINS_SCHEMA, files: [FILE], lines: [[0, 1]] } ],
])('a document that %s says nothing', (_what, value) => {
  expect(readReplayOrigins(value, 'key')).toBeUndefined()
})

test('a document of a newer version is an error', () => {
  const newer = { schema: REPLAY_ORIGINS_SCHEMA.replace('v1', 'v2') }
  expect(() => readReplayOrigins(newer, 'checkpoints/replay-origins/r.json')).toThrow(NewerVersionError)
})
