import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { Progress } from '../../../cli/send/progress.ts'
import { SendStats } from '../../../cli/send/stats.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'

beforeEach(() => {
  jest.useFakeTimers({ now: 0 })
})
afterEach(() => {
  jest.useRealTimers()
})

const TOTAL = 50_000

function started(label = ''): { progress: Progress; settle: (delivered: number) => void; written: () => string } {
  let text = ''
  const output = new PassThrough().setEncoding('utf8').on('data', (more: string) => (text += more))
  const stats = new SendStats(0)
  const settle = (delivered: number): void => {
    stats.update({ counts: { ...emptyCounts(), lines: { delivered, rejected: 470, undeliverable: 0, blank: 0 } } })
  }
  settle(-470)
  return { progress: new Progress(stats, { lines: TOTAL, label, output }, Date.now), settle, written: () => text }
}

test('a log gets a line every ten seconds', () => {
  const { progress, settle, written } = started()
  settle(9_530)
  jest.advanceTimersByTime(9_999)
  expect(written()).toBe('')
  jest.advanceTimersByTime(1)
  expect(written()).toBe('20% of 50,000 lines, 40 s left, 470 rejected, 1,000 lines/s\n')
  progress[Symbol.dispose]()
  jest.advanceTimersByTime(60_000)
  expect(written().split('\n')).toHaveLength(2)
})

test('while a notice is shown, the numbers are not', () => {
  const { progress, written } = started()
  using _ending = progress
  progress.showNotice('the endpoint is down')
  progress.showNotice('the endpoint is down')
  jest.advanceTimersByTime(30_000)
  expect(written()).toBe('the endpoint is down\n')
  progress.showNotice('')
  jest.advanceTimersByTime(10_000)
  expect(written()).toBe('the endpoint is down\n0% of 50,000 lines, 470 rejected, 0 lines/s\n')
})

test('a message is a line of its own', () => {
  const { progress, written } = started()
  using _ending = progress
  progress.print('note: slow')
  expect(written()).toBe('note: slow\n')
})

// prettier-ignore
test.each([
  //  settled in 10 s  remaining time
  [ 49_990,            '1 s left' ],
  [ 25_000,            '10 s left' ],
  [ 5_000,             '2 min left' ],
  [ 50,                '3 h left' ],
])('after %i lines in 10 seconds: %s', (lines, left) => {
  const { progress, settle, written } = started()
  using _ending = progress
  settle(lines - 470)
  jest.advanceTimersByTime(10_000)
  expect(written()).toContain(left)
})

test('of several files, it says which one it is', () => {
  const { progress, settle, written } = started('file 2 of 5')
  using _ending = progress
  settle(9_530)
  jest.advanceTimersByTime(10_000)
  expect(written()).toBe('file 2 of 5, 20% of 50,000 lines, 40 s left, 470 rejected, 1,000 lines/s\n')
})
