import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reject } from '../../../lambda/reasons.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import type { LineRange } from '../../../lambda/common/line-ranges.ts'
import { Ledger, type Progress } from '../../../lambda/settle/ledger.ts'

const START = { watermark: { line: 0, byte: 0 } }

const numbersOf = (ranges: readonly LineRange[]): readonly number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))

/** Each run opens some lines and ends some of them, in any order, and the next run continues from its progress. */
const RUNS = fc.array(fc.array(fc.record({ open: fc.boolean(), pick: fc.nat() }), { maxLength: 60 }), {
  minLength: 1,
  maxLength: 5,
})

test('whatever happens in which order, over several runs: the progress shows which lines have ended, and counts each once', () => {
  fc.assert(
    fc.property(RUNS, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 1_000_000 }), (runs, maxOpen, firstLine) => {
      const ended = new Set<number>()
      let progress: Progress = { watermark: { line: firstLine - 1, byte: 0 }, ended: [], counts: emptyCounts() }
      for (const program of runs) {
        const ledger = new Ledger(progress, maxOpen)
        const open = new Set<number>()
        let newest = progress.watermark.line
        for (const { open: opens, pick } of program) {
          if (opens && ledger.hasRoom) {
            newest += 1
            const isNew = ledger.open(newest, newest * 10)
            expect(isNew).toBe(!ended.has(newest))
            if (isNew) open.add(newest)
          } else if (open.size > 0) {
            const line = [...open][pick % open.size] ?? 0
            ledger.blank(line)
            open.delete(line)
            ended.add(line)
          }
          progress = ledger.progress()
          const { watermark } = progress
          expect(ledger.newest).toBe(newest)
          expect(ledger.hasRoom).toBe(open.size < maxOpen)
          for (let line = firstLine; line <= watermark.line; line += 1) expect(ended.has(line)).toBe(true)
          expect(watermark.byte).toBe(watermark.line < firstLine ? 0 : watermark.line * 10)
          expect(watermark.line).toBe(open.size > 0 ? Math.min(...open) - 1 : newest)
          expect(numbersOf(progress.ended)).toEqual([...ended].filter((line) => line > watermark.line).toSorted((a, b) => a - b))
          expect(progress.counts.lines.blank).toBe(ended.size)
        }
      }
    }),
  )
})

test('one slow line holds back no other, and is all that is stored', () => {
  const ledger = new Ledger(START, 2)
  for (let line = 1; line <= 100_000; line += 1) {
    ledger.open(line, line * 10)
    if (line !== 5) ledger.blank(line)
  }
  const { watermark, ended, counts } = ledger.progress()
  expect({ watermark, ended }).toEqual({ watermark: { line: 4, byte: 40 }, ended: [[6, 100_000]] })
  expect(counts.lines.blank).toBe(99_999)
  expect(ledger.openLines).toBe(1)
})

describe('a line', () => {
  const opened = (): Ledger => {
    const ledger = new Ledger(START, 4)
    ledger.open(1, 10)
    ledger.open(2, 20)
    return ledger
  }

  // prettier-ignore
  test.each<[string, (ledger: Ledger) => void]>([
    [ 'cannot end twice',                          (ledger) => { ledger.blank(1); ledger.blank(1) } ],
    [ 'cannot end twice ahead of the watermark',   (ledger) => { ledger.blank(2); ledger.blank(2) } ],
    [ 'cannot end before it is opened',            (ledger) => { ledger.blank(3) } ],
    [ 'is opened after the one before it',         (ledger) => { ledger.open(4, 40) } ],
    [ 'is not opened twice',                       (ledger) => { ledger.open(2, 20) } ],
    [ 'is not opened if there is no room',         (ledger) => { for (let line = 3; line <= 5; line += 1) ledger.open(line, line * 10) } ],
  ])('%s', (_what, misuse) => {
    const ledger = opened()
    expect(() => {
      misuse(ledger)
    }).toThrow(RangeError)
  })

  test('is counted by how it ended', () => {
    const ledger = new Ledger(START, 4)
    for (let line = 1; line <= 4; line += 1) ledger.open(line, line * 10)
    ledger.deadLettered(4, 'undeliverable', reject('endpoint_refused'))
    ledger.deadLettered(3, 'rejected', reject('missing_identity'))
    ledger.blank(2)
    ledger.delivered(1, { commands: [], warnings: [] })
    expect(ledger.progress().counts).toMatchObject({
      lines: { delivered: 1, rejected: 1, undeliverable: 1, blank: 1 },
      rejectedBy: { missing_identity: { examples: [{ line: 3 }] }, endpoint_refused: { examples: [{ line: 4 }] } },
    })
  })
})

test('repeats are counted apart from lines', () => {
  const ledger = new Ledger(START, 4)
  ledger.repeated()
  expect(ledger.repeats).toBe(1)
  expect(ledger.progress().counts).toEqual(emptyCounts())
})
