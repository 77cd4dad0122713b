import { expect, test } from '@jest/globals'
import { RecordScanner } from '../../../lambda/csv/record-scanner.ts'

test('no more of a record is kept than the limit, however many chunks it has', () => {
  const scanner = new RecordScanner({ separator: 0x2c, endsWithCr: false, maxBytes: 10, byteStart: 0 })
  const chunks = ['a,"', 'x\n'.repeat(100), '"', '\nb,c\n'].map((text) => Buffer.from(text))
  const records = chunks.flatMap((chunk) => [...scanner.push(chunk)])
  expect(records.map(({ byteStart, byteEnd, bytes }) => [byteStart, byteEnd, Buffer.from(bytes).toString()])).toEqual([
    [0, 204, 'a,"x\nx\nx\nx'],
    [205, 208, 'b,c'],
  ])
  expect(scanner.end()).toBeUndefined()
})
