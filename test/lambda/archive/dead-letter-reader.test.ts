import { describe, expect, test } from '@jest/globals'
import { inBatches, takeAll } from '../../../lambda/archive/dead-letter-reader.ts'
import type { DeadLetterReader, QueuedDeadLetter } from '../../../lambda/ports.ts'

function deadLetter(id: number): QueuedDeadLetter {
  return { id: String(id), body: 'b', receipt: `r-${id}`, sentAt: new Date(0) }
}

/** Gives these answers, one after the other, and then nothing more. */
function readerOf(answers: readonly (readonly QueuedDeadLetter[])[]): DeadLetterReader {
  let calls = 0
  const unused = () => Promise.reject(new Error('takeAll only takes'))
  return { take: () => Promise.resolve(answers[calls++] ?? []), putBack: unused, remove: unused }
}

const NEVER = new AbortController().signal

describe('taking all dead letters', () => {
  test('sees each once, although SQS can deliver it twice', async () => {
    const seen: string[] = []
    const answers = [[deadLetter(1), deadLetter(2)], [], [deadLetter(2), deadLetter(3)]]
    expect(await takeAll(readerOf(answers), ({ id }) => void seen.push(id), NEVER)).toBe(true)
    expect(seen).toEqual(['1', '2', '3'])
  })

  test('does not stop at the first empty answer', async () => {
    let seen = 0
    await takeAll(
      readerOf([...Array.from({ length: 8 }, () => []), [deadLetter(1)]]),
      () => {
        seen += 1
      },
      NEVER,
    )
    expect(seen).toBe(1)
  })

  test('stops when it is aborted, and says that there may be more', async () => {
    const controller = new AbortController()
    const answers = Array.from({ length: 50 }, (_, id) => [deadLetter(id)])
    const seen: string[] = []
    const isWhole = await takeAll(
      readerOf(answers),
      ({ id }) => {
        seen.push(id)
        controller.abort()
      },
      controller.signal,
    )
    expect(isWhole).toBe(false)
    expect(seen.length).toBeLessThanOrEqual(8) // calls at the same time
  })

  test('ends with the error of the callback', async () => {
    await expect(takeAll(readerOf([[deadLetter(1)]]), () => Promise.reject(new Error('disk full')), NEVER)).rejects.toThrow(
      'disk full',
    )
  })
})

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
