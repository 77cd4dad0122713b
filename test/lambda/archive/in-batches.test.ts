import { describe, expect, test } from '@jest/globals'
import { inBatches } from '../../../lambda/archive/in-batches.ts'

describe('batches', () => {
  test('have at most ten items, and contain all of them', async () => {
    const batches: (readonly number[])[] = []
    await inBatches(
      Array.from({ length: 25 }, (_, index) => index),
      async (batch) => {
        await Promise.resolve()
        batches.push(batch)
      },
    )
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5])
    expect(batches.flat()).toEqual(Array.from({ length: 25 }, (_, index) => index))
  })

  test('all end before the first error is thrown', async () => {
    let ended = 0
    const run = inBatches(
      Array.from({ length: 40 }, (_, index) => index),
      async ([first]) => {
        if (first === 0) throw new Error('first batch')
        await new Promise((resolve) => setTimeout(resolve, 5))
        ended += 1
      },
    )
    await expect(run).rejects.toThrow('first batch')
    expect(ended).toBe(3)
  })
})
