import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reject } from '../../../lambda/reasons.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { Ledger } from '../../../lambda/settle/ledger.ts'

const START = { line: 0, byte: 0 }

test('the watermark is before the first line that has not ended, and only lines before it are counted, in whatever order they end', () => {
  const steps = fc.array(fc.record({ open: fc.boolean(), pick: fc.nat() }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 1_000_000 }), (program, maxSpan, firstLine) => {
      const ledger = new Ledger({ line: firstLine - 1, byte: 0 }, maxSpan)
      const open = new Set<number>()
      const ended = new Set<number>()
      let newest = firstLine - 1
      for (const { open: opens, pick } of program) {
        if (opens && ledger.hasRoom) {
          newest += 1
          ledger.open(newest, newest * 10)
          open.add(newest)
        } else if (open.size > 0) {
          const line = [...open][pick % open.size] ?? 0
          ledger.blank(line)
          open.delete(line)
          ended.add(line)
        }
        let watermark = firstLine - 1
        while (ended.has(watermark + 1)) watermark += 1
        expect(ledger.watermark).toEqual({ line: watermark, byte: watermark < firstLine ? 0 : watermark * 10 })
        expect(ledger.newest).toBe(newest)
        expect(ledger.counts().lines.blank).toBe(watermark - firstLine + 1)
        expect(ledger.hasRoom).toBe(newest - watermark < maxSpan)
      }
    }),
  )
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
    ledger.delivered(1, { commands: [], time: 5, warnings: [] })
    expect(ledger.counts()).toMatchObject({
      lines: { delivered: 1, rejected: 1, undeliverable: 1, blank: 1 },
      rejectedBy: { missing_identity: { examples: [{ line: 3 }] }, endpoint_refused: { examples: [{ line: 4 }] } },
    })
  })
})

test('a run continues from the watermark and the counts of the run before', () => {
  const lines = { delivered: 7, rejected: 0, undeliverable: 0, blank: 0 }
  const ledger = new Ledger({ line: 7, byte: 70 }, 4, { ...emptyCounts(), lines })
  expect(ledger.watermark).toEqual({ line: 7, byte: 70 })
  ledger.open(8, 80)
  ledger.blank(8)
  expect(ledger.watermark).toEqual({ line: 8, byte: 80 })
  expect(ledger.counts().lines).toEqual({ ...lines, blank: 1 })
})

test('repeats are counted apart from lines', () => {
  const ledger = new Ledger(START, 4)
  ledger.repeated()
  expect(ledger.repeats).toBe(1)
  expect(ledger.counts()).toEqual(emptyCounts())
})
