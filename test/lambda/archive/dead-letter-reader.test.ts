import { describe, expect, test } from '@jest/globals'
import { takeAll } from '../../../lambda/archive/dead-letter-reader.ts'
import type { DeadLetterReader, QueuedDeadLetter } from '../../../lambda/ports.ts'

const NEVER = new AbortController().signal
const deadLetter = (id: string): QueuedDeadLetter => ({ id, body: '', sentAt: new Date(0), receipt: id })

/** A queue that answers each `take` with the next batch, and then with the last answer for ever. */
function queueOf(batches: readonly (readonly string[])[], forever: readonly string[] = []) {
  const queue = { takes: 0 }
  const reader: DeadLetterReader = {
    take: () => Promise.resolve((batches[queue.takes++] ?? forever).map(deadLetter)),
    putBack: () => Promise.resolve(),
    remove: () => Promise.resolve(),
  }
  return { reader, queue }
}

async function takeFrom(reader: DeadLetterReader, signal = NEVER) {
  const ids: string[] = []
  const isComplete = await takeAll(reader, ({ id }) => void ids.push(id), signal)
  return { ids: ids.sort(), isComplete }
}

describe('taking all dead letters', () => {
  test('of an empty queue asks eight times at once, and not again', async () => {
    const { reader, queue } = queueOf([])
    expect(await takeFrom(reader)).toEqual({ ids: [], isComplete: true })
    expect(queue.takes).toBe(8)
  })

  test('goes on until every answer is empty, and takes a message once that SQS delivers to two calls at the same time', async () => {
    const { reader } = queueOf([['a', 'b'], ['b', 'c'], ...Array.from({ length: 20 }, (_, index) => [`d-${index}`])])
    const { ids, isComplete } = await takeFrom(reader)
    expect([new Set(ids).size, ids.length, isComplete]).toEqual([23, 23, true])
  })

  test('ends if dead letters become visible again while it goes on', async () => {
    const { reader } = queueOf([['a'], ['b']], ['a'])
    expect(await takeFrom(reader)).toEqual({ ids: ['a', 'b'], isComplete: true })
  })

  test('stops when it is aborted, and says that it is not complete', async () => {
    const { reader, queue } = queueOf([], ['a'])
    expect(await takeFrom(reader, AbortSignal.abort())).toEqual({ ids: [], isComplete: false })
    expect(queue.takes).toBe(0)
  })
})
