import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import { closeGroups } from '../../../lambda/jobs/close-groups.ts'
import { closeLines, countClosedBefore } from '../../../lambda/jobs/close-lines.ts'
import { closedLinesKey, reportKey } from '../../../lambda/keys.ts'
import type { ReasonCode } from '../../../lambda/reasons.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'
import { fileLetter, groupLetter, lineLetter, rejectsOf, reportWith } from './closed-reports.ts'

const KEY = closedLinesKey(FILE, 'groups')

/** A file with 30 rejected lines without a time, and 5 that are not JSON. Each reason has one dead letter. */
function withGroups(): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.write(reportKey(FILE), REPORT)
  return cloud
}

const REPORT = { ...reportWith(35), grouped: { missing_timestamp: 30, invalid_json: 5 } }
const group = (reason: ReasonCode, lines: number, file = FILE): DeadLetter => groupLetter(file, reason, lines)
const NO_TIME = group('missing_timestamp', 30)
const NO_JSON = group('invalid_json', 5)

// prettier-ignore
describe('the report of a file', () => {
  test.each<[string, readonly (readonly DeadLetter[])[], object]>([
    //  whose discarded dead letters are                       discarded, in this order            says
    [ 'one of its groups',                                     [[NO_TIME]],                        { state: 'complete-with-rejects', open: 5,  discarded: 30 } ],
    [ 'the same twice, because the first run was killed',      [[NO_TIME], [NO_TIME]],             { state: 'complete-with-rejects', open: 5,  discarded: 30 } ],
    [ 'two copies of the same message',                        [[NO_TIME, NO_TIME]],               { state: 'complete-with-rejects', open: 5,  discarded: 30 } ],
    [ 'all of its groups, at once',                            [[NO_TIME, NO_JSON]],               { state: 'complete-after-fixing', open: 0,  discarded: 35 } ],
    [ 'all of its groups, one after the other',                [[NO_JSON], [NO_TIME]],             { state: 'complete-after-fixing', open: 0,  discarded: 35 } ],
    [ 'about a line and the whole file: these are left out',   [[lineLetter(3), fileLetter(FILE)]], { state: 'complete-with-rejects', open: 35, discarded: 0 } ],
    [ 'none',                                                  [[]],                               { state: 'complete-with-rejects', open: 35, discarded: 0 } ],
  ])('%s', async (_what, discarded, report) => {
    const cloud = withGroups()
    for (const some of discarded) await closeGroups(some, cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject(report)
  })
})

test('lines with a dead letter of their own are counted beside the groups', async () => {
  const cloud = withGroups()
  await closeGroups([NO_TIME], cloud.ports)
  await closeLines(
    [31, 32, 33, 34, 35].map((line) => ({ ...FILE, line, as: 'fixed', countedAs: 'rejected' })),
    cloud.ports,
  )
  expect(rejectsOf(cloud)).toMatchObject({ state: 'complete-after-fixing', open: 0, fixed: 5, discarded: 30 })
})

test('people who discard different groups at the same time close each of them once', async () => {
  const cloud = withGroups()
  await Promise.all([NO_TIME, NO_JSON, NO_TIME, NO_JSON].map((each) => closeGroups([each], cloud.ports)))
  expect(rejectsOf(cloud)).toMatchObject({ open: 0, discarded: 35 })
})

test('each file has its own groups', async () => {
  const other = { ...FILE, versionId: 'v2' }
  const cloud = withGroups()
  cloud.write(reportKey(other), { ...reportWith(30, other), grouped: { missing_timestamp: 30 } })
  await closeGroups([NO_JSON, group('missing_timestamp', 30, other)], cloud.ports)
  expect([rejectsOf(cloud), rejectsOf(cloud, other)]).toMatchObject([{ discarded: 5 }, { discarded: 30 }])
})

test('lines that a replay has taken out of the group stay open: the replay closes them', async () => {
  const cloud = withGroups()
  const send = { reason: 'missing_timestamp', run: 'r', file: 'incoming/replays/r.json', at: '2026-01-01T00:00:00.000Z', lines: [[1, 4]] } // prettier-ignore
  cloud.write(KEY, { schema: 'kissmetrics-importer/closed-groups/v1', discarded: {}, sending: [send] })
  await closeGroups([NO_TIME], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 9, discarded: 26 })
})

test('a group that is discarded before the final report is written is counted when it is', async () => {
  const cloud = new MemoryCloud()
  await closeGroups([NO_TIME], cloud.ports)
  cloud.write(reportKey(FILE), REPORT)
  await countClosedBefore(FILE, cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 5, discarded: 30 })
})

test('a discard whose report could not be written can be done again', async () => {
  const cloud = withGroups()
  cloud.failing.add('reports.replace')
  await expect(closeGroups([NO_TIME], cloud.ports)).rejects.toThrow('reports.replace failed')
  expect(rejectsOf(cloud)).toMatchObject({ open: 35 })
  cloud.failing.clear()
  await closeGroups([NO_TIME], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 5, discarded: 30 })
})

test('what a newer version has stored is an error, and stays as it is', async () => {
  const cloud = withGroups()
  const newer = { schema: 'kissmetrics-importer/closed-groups/v2', more: true }
  cloud.write(KEY, newer)
  await expect(closeGroups([NO_TIME], cloud.ports)).rejects.toThrow(NewerVersionError)
  expect(cloud.read(KEY)).toEqual(newer)
})
