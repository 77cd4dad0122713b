import { expect, test } from '@jest/globals'
import { closeDiscarded } from '../../../lambda/jobs/close-discarded.ts'
import { closeLines } from '../../../lambda/jobs/close-lines.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'
import { fileLetter, groupLetter, lineLetter, rejectsOf, reportWith } from './closed-reports.ts'

const GROUP = groupLetter(FILE, 'missing_timestamp', 10)

/** A file with twelve rejected lines: ten of them share a dead letter, and lines 11 and 12 have their own. */
function withRejects(): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.write(reportKey(FILE), { ...reportWith(12), grouped: { missing_timestamp: 10 } })
  return cloud
}

// prettier-ignore
test.each<[string, readonly DeadLetter[], object]>([
  //  what is discarded                          dead letters                                    the report says
  [ 'a line',                                    [lineLetter(11)],                               { state: 'complete-with-rejects', open: 11, discarded: 1 } ],
  [ 'lines that share a dead letter',            [GROUP],                                        { state: 'complete-with-rejects', open: 2,  discarded: 10 } ],
  [ 'both',                                      [lineLetter(11), GROUP],                        { state: 'complete-with-rejects', open: 1,  discarded: 11 } ],
  [ 'everything',                                [GROUP, lineLetter(11), lineLetter(12)],        { state: 'complete-after-fixing', open: 0,  discarded: 12 } ],
  [ 'a whole file: no line of it is counted',    [fileLetter(FILE)],                             { state: 'complete-with-rejects', open: 12, discarded: 0 } ],
])('%s is no longer open, also if it is discarded again', async (_what, deadLetters, report) => {
  const cloud = withRejects()
  for (const _time of ['first', 'second']) await closeDiscarded(deadLetters, cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ ...report, fixed: 0 })
})

test('a line that was fixed before stays fixed', async () => {
  const cloud = withRejects()
  await closeLines([{ ...FILE, line: 11, as: 'fixed', countedAs: 'rejected' }], cloud.ports)
  await closeDiscarded([lineLetter(11)], cloud.ports)
  expect(rejectsOf(cloud)).toMatchObject({ open: 11, fixed: 1, discarded: 0 })
})

test.each(['documents.put', 'reports.replace'] as const)(
  'a discard in which %s fails can be done again, and then nothing is missing',
  async (call) => {
    const cloud = withRejects()
    cloud.failing.add(call)
    await expect(closeDiscarded([lineLetter(11), GROUP], cloud.ports)).rejects.toThrow(`${call} failed`)
    cloud.failing.clear()
    await closeDiscarded([lineLetter(11), GROUP], cloud.ports)
    expect(rejectsOf(cloud)).toMatchObject({ open: 1, discarded: 11 })
  },
)
