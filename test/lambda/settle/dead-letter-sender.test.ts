import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { DeadLetterSender } from '../../../lambda/settle/dead-letter-sender.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import type { DeadLetterQueue, RefusedEntry } from '../../../lambda/ports.ts'

function deadLetterOf(line: number, text = 'x'): DeadLetter {
  return {
    schema: 'kissmetrics-importer/dead-letter/v1',
    kind: 'line',
    reason: 'invalid_json',
    detail: 'd',
    source: { bucket: 'b', key: 'k\u0000\uFFFE', line },
    line: text,
    attempts: 0,
    replays: 0,
    failedAt: '2026-01-01T00:00:00.000Z',
  }
}

const lineOf = (body: string): number => (JSON.parse(body) as DeadLetter).source.line ?? 0

describe('dead letters', () => {
  test('each is sent, and its line told so, exactly once, though the queue refuses some of every batch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 600 }), async (seed, count) => {
        const chance = seeded(seed)
        const kept: number[] = []
        const refusals = new Map<number, number>()
        const queue: DeadLetterQueue = {
          sendBatch: (batch) => {
            expect(batch.length).toBeLessThanOrEqual(10)
            const refused: RefusedEntry[] = []
            for (const [index, { body }] of batch.entries()) {
              const line = lineOf(body)
              const times = refusals.get(line) ?? 0
              refusals.set(line, times + 1)
              // Eight times in a row would be for good, and an error.
              if (times < 7 && chance() < 0.2) refused.push({ index, code: 'ServiceUnavailable', isSenderFault: false })
              else kept.push(line)
            }
            return Promise.resolve(refused)
          },
        }
        const sender = new DeadLetterSender(queue, new VirtualClock(seed))
        const told: number[] = []
        for (let line = 1; line <= count; line += 1) {
          if (sender.isFull) await sender.room()
          sender.post(deadLetterOf(line), () => {
            expect(kept).toContain(line) // never before the queue has it
            told.push(line)
          })
        }
        await sender.flush()
        const all = Array.from({ length: count }, (_, index) => index + 1)
        expect(kept.toSorted((a, b) => a - b)).toEqual(all)
        expect(told.toSorted((a, b) => a - b)).toEqual(all)
      }),
      { numRuns: 100 },
    )
  })

  test('what the queue will never take goes without its line, which its place leads to', async () => {
    const bodies: string[] = []
    const queue: DeadLetterQueue = {
      sendBatch: (batch) => {
        bodies.push(...batch.map(({ body }) => body))
        const isRefused = batch[0]?.body.includes('"line":"x"') === true
        return Promise.resolve(isRefused ? [{ index: 0, code: 'InvalidMessageContents', isSenderFault: true }] : [])
      },
    }
    const sender = new DeadLetterSender(queue, new VirtualClock())
    let isTold = false
    sender.post(deadLetterOf(7), () => {
      isTold = true
    })
    await sender.flush()
    expect(isTold).toBe(true)
    expect(JSON.parse(bodies[1] ?? '')).toMatchObject({ lineTruncated: true, source: { line: 7 } })
    expect(JSON.parse(bodies[1] ?? '')).not.toHaveProperty('line')
  })

  // prettier-ignore
  test.each<[string, DeadLetterQueue['sendBatch'], RegExp]>([
    //  a queue that                  does                                                                                             and is said
    [ 'never takes one of them',      () => Promise.resolve([{ index: 0, code: 'InternalError', isSenderFault: false }]),              /refused a letter for good \(InternalError\)/ ],
    [ 'is not there',                 () => Promise.reject(new Error('QueueDoesNotExist')),                                            /QueueDoesNotExist/ ],
  ])('a queue that %s fails the import loudly, and nothing is told as sent', async (_what, sendBatch, sentence) => {
    const sender = new DeadLetterSender({ sendBatch }, new VirtualClock())
    sender.post(deadLetterOf(1), () => {
      throw new Error('told')
    })
    await expect(sender.flush()).rejects.toThrow(sentence)
    expect(sender.isFull).toBe(true)
    await expect(sender.room()).rejects.toThrow(sentence)
  })

  test('large letters wait for room, so that memory is bounded', () => {
    const sender = new DeadLetterSender({ sendBatch: () => new Promise(() => undefined) }, new VirtualClock())
    let posted = 0
    while (!sender.isFull && posted < 1_000) {
      sender.post(deadLetterOf(posted + 1, 'x'.repeat(200_000)), () => undefined)
      posted += 1
    }
    expect(posted).toBeLessThan(80)
  })

  test('attributes are what SQS takes, whatever the key', async () => {
    const seen: string[] = []
    const sender = new DeadLetterSender(
      { sendBatch: (batch) => Promise.resolve((seen.push(...batch.map(({ attributes }) => attributes.key ?? '')), [])) },
      new VirtualClock(),
    )
    sender.post(deadLetterOf(1), () => undefined)
    await sender.flush()
    expect(seen).toEqual(['k\uFFFD\uFFFD'])
  })
})
