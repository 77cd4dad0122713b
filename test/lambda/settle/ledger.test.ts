import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reject } from '../../../lambda/reasons.ts'
import { Ledger } from '../../../lambda/settle/ledger.ts'

describe('the ledger', () => {
  test('knows up to which line all have ended, whatever order they end in', () => {
    const steps = fc.array(fc.record({ open: fc.boolean(), pick: fc.nat() }), { maxLength: 200 })
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (program, maxSpan, firstLine) => {
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
            expect(ledger.counts().lines.blank).toBe(watermark - firstLine + 1)
            expect(ledger.hasRoom).toBe(newest - watermark < maxSpan)
          }
        },
      ),
    )
  })

  test('a line ends once, and only one that was opened', () => {
    const ledger = new Ledger({ line: 0, byte: 0 }, 4)
    ledger.open(1, 1)
    ledger.blank(1)
    expect(() => {
      ledger.blank(1)
    }).toThrow(RangeError)
    expect(() => {
      ledger.blank(2)
    }).toThrow(RangeError)
    expect(() => {
      ledger.open(3, 3)
    }).toThrow(RangeError)
  })

  test('counts lines, commands, warnings, and the span of time', () => {
    const ledger = new Ledger({ line: 0, byte: 0 }, 10)
    for (let line = 1; line <= 5; line += 1) ledger.open(line, line)
    const person = 'a'
    ledger.delivered(1, {
      commands: [
        { kind: 'record', person, event: 'e', time: 20, properties: [] },
        { kind: 'alias', person, other: 'b', time: 20 },
      ],
      time: 20,
      warnings: ['empty_property'],
    })
    ledger.delivered(2, { commands: [{ kind: 'set', person, time: 10, properties: [] }], time: 10, warnings: [] })
    ledger.deadLettered(3, 'rejected', reject('missing_identity'))
    ledger.deadLettered(4, 'undeliverable', reject('endpoint_refused'))
    ledger.blank(5)
    expect(ledger.counts()).toMatchObject({
      lines: { delivered: 2, rejected: 1, undeliverable: 1, blank: 1 },
      commands: { record: 1, set: 1, alias: 1 },
      warnings: { empty_property: 1 },
      time: { first: 10, last: 20 },
    })
  })

  test('keeps twenty examples of a reason, those with the lowest numbers, in order, whatever order they come in', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 60 }, (_, index) => index + 1),
          { minLength: 60 },
        ),
        (order) => {
          const ledger = new Ledger({ line: 0, byte: 0 }, 60)
          for (let line = 1; line <= 60; line += 1) ledger.open(line, line)
          for (const line of order) ledger.deadLettered(line, 'rejected', reject('missing_identity'))
          const { count, examples = [] } = ledger.counts().rejectedBy.missing_identity ?? {}
          expect(count).toBe(60)
          expect(examples.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
        },
      ),
    )
  })
})
