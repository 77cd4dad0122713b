import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { checkCounts } from '../../../lambda/jobs/check-counts.ts'
import { emptyCounts, type Counts } from '../../../lambda/settle/counts.ts'
import { FILE } from '../../support/memory-cloud.ts'

function ended(delivered: number, rejected = 0): Counts {
  return { ...emptyCounts(), lines: { delivered, rejected, undeliverable: 0, blank: 0 } }
}

const FILE_TASK = newTask(FILE)
/** Lines 101 to 110. */
const SEGMENT_TASK = { ...FILE_TASK, segment: { index: 2, byteStart: 1_000, byteEnd: 1_100, firstLine: 101, lines: 10 } }

describe('every line that was read has ended', () => {
  // prettier-ignore
  test.each([
    //  of                  began   lines   ended          task
    [ 'a file',             0,      3,      ended(2, 1),   FILE_TASK ],
    [ 'an empty file',      0,      0,      ended(0),      FILE_TASK ],
    [ 'a resumed file',     7,      3,      ended(10),     FILE_TASK ],
    [ 'a segment',          100,    10,     ended(10),     SEGMENT_TASK ],
    [ 'a resumed segment',  104,    6,      ended(9, 1),   SEGMENT_TASK ],
  ])('of %s', (_what, began, lines, counts, task) => {
    expect(() => { checkCounts({ began, lines, counts }, task) }).not.toThrow()
  })

  // prettier-ignore
  test.each([
    //  a line                    began   lines   ended       task           message
    [ 'was lost',                 0,      3,      ended(2),   FILE_TASK,     '3 lines were read, but 2 ended.' ],
    [ 'ended twice',              0,      3,      ended(4),   FILE_TASK,     '3 lines were read, but 4 ended.' ],
    [ 'of a segment was lost',    100,    10,     ended(9),   SEGMENT_TASK,  '10 lines were read, but 9 ended of the 10 of segment 2.' ],
    [ 'was missing when read',    100,    9,      ended(9),   SEGMENT_TASK,  '9 lines were read, but 9 ended of the 10 of segment 2.' ],
  ])('a line %s', (_what, began, lines, counts, task, message) => {
    expect(() => { checkCounts({ began, lines, counts }, task) }).toThrow(`The import of incoming/a.json does not add up: ${message}`)
  })
})
