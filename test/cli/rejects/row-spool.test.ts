import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RowSpool } from '../../../cli/rejects/row-spool.ts'

test('rows are read by file, then by line number; rows of the same line as they were added', () => {
  const position = fc.record(
    { key: fc.constantFrom('a', 'b', 'ä', ''), line: fc.integer({ min: 1, max: 12 }) },
    { requiredKeys: ['key'] },
  )
  fc.assert(
    fc.property(fc.array(position, { maxLength: 30 }), (positions) => {
      using spool = new RowSpool()
      const rows = positions.map((at, index) => ({ at, text: `${index}\n` }))
      for (const { at, text } of rows) spool.add(at, text)
      const model = rows.toSorted(
        (x, y) => Buffer.compare(Buffer.from(x.at.key), Buffer.from(y.at.key)) || (x.at.line ?? 0) - (y.at.line ?? 0),
      )
      expect([...spool.inFileOrder()]).toEqual(model.map(({ text }) => text))
      expect(spool.count).toBe(rows.length)
    }),
    { numRuns: 100 },
  )
})
