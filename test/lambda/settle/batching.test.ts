import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { envelopeBytes, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, nextBatchLength } from '../../../lambda/settle/batching.ts'

describe('the size of a message', () => {
  // prettier-ignore
  test.each([
    //  message                                  bytes
    [ { body: '', attributes: {} },              0 ],
    [ { body: 'abc', attributes: {} },           3 ],
    [ { body: '名', attributes: {} },            3 ],
    [ { body: 'a', attributes: { key: 'ab' } },  1 + 3 + 6 + 2 ],
  ])('%j', (envelope, bytes) => {
    expect(envelopeBytes(envelope)).toBe(bytes)
  })
})

describe('the next batch', () => {
  // prettier-ignore
  test.each<[string, readonly number[], number]>([
    //  messages                          sizes                                     in the batch
    [ 'none',                             [],                                       0 ],
    [ 'ten small ones',                   Array.from({ length: 10 }, () => 1),      10 ],
    [ 'eleven small ones',                Array.from({ length: 11 }, () => 1),      10 ],
    [ 'two that fit exactly',             [MAX_BATCH_BYTES - 5, 5],                 2 ],
    [ 'two that are one byte too large',  [MAX_BATCH_BYTES - 5, 6],                 1 ],
    [ 'one that is too large',            [MAX_BATCH_BYTES + 1, 1],                 1 ],
  ])('of %s', (_what, sizes, length) => {
    expect(nextBatchLength(sizes)).toBe(length)
  })

  test('is as long as possible, in order, and no message is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: MAX_BATCH_BYTES }), { maxLength: 60 }), (sizes) => {
        const batches: number[][] = []
        for (let rest = sizes; rest.length > 0;) {
          const length = nextBatchLength(rest)
          batches.push(rest.slice(0, length))
          rest = rest.slice(length)
        }
        expect(batches.flat()).toEqual(sizes)
        for (const [index, batch] of batches.entries()) {
          const bytes = batch.reduce((sum, size) => sum + size, 0)
          expect(batch.length).toBeLessThanOrEqual(MAX_BATCH_ENTRIES)
          expect(bytes).toBeLessThanOrEqual(MAX_BATCH_BYTES)
          const [next] = batches[index + 1] ?? []
          if (next !== undefined && batch.length < MAX_BATCH_ENTRIES) expect(bytes + next).toBeGreaterThan(MAX_BATCH_BYTES)
        }
      }),
    )
  })
})
