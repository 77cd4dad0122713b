import { expect, test } from '@jest/globals'
import { CountProgress } from '../../../cli/terminal/count-progress.ts'

/** What is written while 3,000 lines are read, one per millisecond. */
function writtenOn(isTTY: boolean): readonly string[] {
  const written: string[] = []
  let now = 0
  using progress = new CountProgress('line', 'read', { isTTY, write: (text) => written.push(text) }, () => now)
  for (; now < 3_000; now += 1) progress.add()
  progress[Symbol.dispose]()
  return written
}

test('a terminal shows the count four times a second, on one line that disappears', () => {
  const written = writtenOn(true)
  expect(written).toHaveLength(11 + 1)
  expect([written[0], written[4], written.at(-1)]).toEqual([
    '\r\u001b[K251 lines read',
    '\r\u001b[K1,251 lines read',
    '\r\u001b[K',
  ])
})

test('a single one is counted as one', () => {
  const written: string[] = []
  let now = 0
  using progress = new CountProgress('dead letter', 'read', { isTTY: true, write: (text) => written.push(text) }, () => now)
  now = 1_000
  progress.add()
  expect(written).toEqual(['\r\u001b[K1 dead letter read'])
})

test('a pipe or file shows nothing', () => {
  expect(writtenOn(false)).toEqual([])
})
