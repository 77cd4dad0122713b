import { describe, expect, test } from '@jest/globals'
import { archive } from '../../../lambda/archive/archive.ts'
import { readArchived } from '../../../lambda/archive/archived.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { DeadLetterArchive, DeadLetterReader, QueuedDeadLetter } from '../../../lambda/ports.ts'

const DAY_MS = 86_400_000
const NOW = Date.parse('2026-03-20T12:00:00Z')

interface Kept {
  readonly deadLetter: QueuedDeadLetter
  isOut: boolean
}

/** A queue and a bucket in memory. `failsAt` is the call at which one of them fails. */
class Memory {
  readonly queue = new Map<string, Kept>()
  readonly files = new Map<string, string>()
  calls = 0

  constructor(ages: readonly number[]) {
    for (const [index, days] of ages.entries()) {
      const id = `m-${index}`
      const deadLetter = { id, body: `body of ${id}`, sentAt: new Date(NOW - days * DAY_MS), receipt: `r-${id}` }
      this.queue.set(deadLetter.receipt, { deadLetter, isOut: false })
    }
  }

  run(failsAt = Infinity, signal = new AbortController().signal) {
    const call = (): void => {
      this.calls += 1
      if (this.calls === failsAt) throw new Error('S3 or SQS failed')
    }
    const deadLetterReader: DeadLetterReader = {
      take: async () => {
        await Promise.resolve()
        call()
        const some = [...this.queue.values()].filter(({ isOut }) => !isOut).slice(0, 10)
        for (const kept of some) kept.isOut = true
        return some.map(({ deadLetter }) => deadLetter)
      },
      keepHidden: (deadLetters) => Promise.resolve(deadLetters),
      putBack: async (deadLetters) => {
        await Promise.resolve()
        for (const { receipt } of deadLetters) if (this.queue.has(receipt)) this.queue.get(receipt)!.isOut = false
      },
      remove: async (deadLetters) => {
        await Promise.resolve()
        call()
        for (const { receipt } of deadLetters) this.queue.delete(receipt)
      },
    }
    const archived: DeadLetterArchive = {
      put: async (_bucket, key, text) => {
        await Promise.resolve()
        call()
        this.files.set(key, text)
      },
    }
    let runs = 0
    return archive(
      { deadLetterReader, archived, clock: new ManualClock(NOW), newRun: () => `run-${this.calls}-${(runs += 1)}` },
      { bucket: 'b', why: 'old', matches: ({ sentAt }) => NOW - sentAt.getTime() >= 10 * DAY_MS, ending: signal },
    )
  }

  get archivedIds(): string[] {
    return [...this.files.values()].flatMap((text) => readArchived(text).map(({ id }) => id))
  }

  get waitingIds(): string[] {
    return [...this.queue.values()].map(({ deadLetter }) => deadLetter.id)
  }
}

describe('archiving', () => {
  test('moves old dead letters into the bucket, and makes the others visible in the queue again', async () => {
    const memory = new Memory([0, 9.9, 10, 13])
    expect(await memory.run()).toMatchObject({ seen: 4, archived: 2, isWhole: true })
    expect(memory.archivedIds.sort()).toEqual(['m-2', 'm-3'])
    expect([...memory.queue.values()].map(({ deadLetter, isOut }) => [deadLetter.id, isOut])).toEqual([
      ['m-0', false],
      ['m-1', false],
    ])
    expect([...memory.files.keys()]).toEqual([expect.stringMatching(/^archived\/2026-03-20\/run-0-1-0001\.jsonl$/)])
    expect(readArchived([...memory.files.values()].join('')).at(0)).toMatchObject({
      why: 'old',
      archivedAt: '2026-03-20T12:00:00.000Z',
    })
  })

  test('writes at most a thousand dead letters into one file', async () => {
    const memory = new Memory(Array.from({ length: 2_345 }, () => 11))
    expect(await memory.run()).toMatchObject({ seen: 2_345, archived: 2_345 })
    expect(memory.waitingIds).toEqual([])
    expect(new Set(memory.archivedIds).size).toBe(2_345)
    expect([...memory.files.values()].map((text) => readArchived(text).length)).toEqual([1_000, 1_000, 345])
  })

  test('loses nothing, whichever call fails, and the next run completes it', async () => {
    const whole = new Memory(Array.from({ length: 25 }, () => 11))
    await whole.run()
    for (let failsAt = 1; failsAt <= whole.calls; failsAt += 1) {
      const memory = new Memory(Array.from({ length: 25 }, () => 11))
      await expect(memory.run(failsAt)).rejects.toThrow('S3 or SQS failed')
      expect(new Set([...memory.archivedIds, ...memory.waitingIds]).size).toBe(25)
      for (const kept of memory.queue.values()) kept.isOut = false // as after the visibility timeout
      await memory.run()
      expect(memory.waitingIds).toEqual([])
      expect(new Set(memory.archivedIds).size).toBe(25)
    }
  })

  test('stops when there is no more time, and reports that it has not seen all', async () => {
    const memory = new Memory([11, 12])
    expect(await memory.run(Infinity, AbortSignal.abort())).toMatchObject({ seen: 0, archived: 0, isWhole: false })
    expect(memory.waitingIds).toHaveLength(2)
  })
})

test.each(['{"schema":"other"}', 'not JSON', '{}'])('%s is not an archived dead letter', (text) => {
  expect(() => readArchived(`${text}\n`)).toThrow('line 1 is not an archived dead letter')
})
