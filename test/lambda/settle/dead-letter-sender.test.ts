import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { DeadLetterQueue, RefusedEntry } from '../../../lambda/ports.ts'
import { BackPressure } from '../../../lambda/settle/back-pressure.ts'
import { DEAD_LETTER_SCHEMA, type DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { DeadLetterSender } from '../../../lambda/settle/dead-letter-sender.ts'
import { seeded } from '../../support/seeded.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { roomIn } from '../../support/room-in.ts'

function deadLetterOf(line: number, text = 'x'): DeadLetter {
  return {
    schema: DEAD_LETTER_SCHEMA,
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

/** A queue that accepts every batch, each when the test says so. */
class ManualQueue implements DeadLetterQueue {
  readonly batches: { readonly lines: readonly number[]; readonly accept: () => void }[] = []

  sendBatch(batch: Parameters<DeadLetterQueue['sendBatch']>[0]): Promise<readonly RefusedEntry[]> {
    const { promise, resolve } = Promise.withResolvers<readonly RefusedEntry[]>()
    const accept = (): void => {
      resolve([])
    }
    this.batches.push({ lines: batch.map(({ body }) => lineOf(body)), accept })
    return promise
  }
}

const nextTick = () => new Promise(setImmediate)

test('every dead letter is sent and acknowledged exactly once, although SQS refuses some of every batch', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 600 }), async (seed, count) => {
      const chance = seeded(seed)
      const queued = new Set<number>()
      const tries = new Map<number, number>()
      const queue: DeadLetterQueue = {
        sendBatch: (batch) => {
          if (batch.length > 10) throw new Error(`a batch of ${batch.length}`)
          const refused: RefusedEntry[] = []
          for (const [index, { body }] of batch.entries()) {
            const line = lineOf(body)
            const failures = tries.get(line) ?? 0
            tries.set(line, failures + 1)
            // The eighth refusal of an entry would end the import.
            if (failures < 7 && chance() < 0.2) refused.push({ index, code: 'ServiceUnavailable', isSenderFault: false })
            else queued.add(line)
          }
          return Promise.resolve(refused)
        },
      }
      const backPressure = new BackPressure()
      const sender = new DeadLetterSender(queue, new VirtualClock(seed), backPressure)
      const acknowledged: number[] = []
      for (let line = 1; line <= count; line += 1) {
        if (!backPressure.hasRoom) await roomIn(backPressure)
        sender.send(deadLetterOf(line), () => {
          if (!queued.has(line)) throw new Error(`line ${line} was acknowledged before it was in the queue`)
          acknowledged.push(line)
        })
      }
      await sender.flush()
      const all = Array.from({ length: count }, (_, index) => index + 1)
      expect(acknowledged.toSorted((a, b) => a - b)).toEqual(all)
      expect([...queued].toSorted((a, b) => a - b)).toEqual(all)
    }),
    { numRuns: 100 },
  )
})

describe('batches', () => {
  test('are sent when they are full; the rest waits for more dead letters', async () => {
    const queue = new ManualQueue()
    const sender = new DeadLetterSender(queue, new VirtualClock())
    for (let line = 1; line <= 14; line += 1) sender.send(deadLetterOf(line), () => undefined)
    await nextTick()
    expect(queue.batches.map(({ lines }) => lines)).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    sender.sendNow()
    expect(queue.batches.at(-1)?.lines).toEqual([11, 12, 13, 14])
  })

  test('four are in flight at most', async () => {
    const queue = new ManualQueue()
    const sender = new DeadLetterSender(queue, new VirtualClock())
    for (let line = 1; line <= 70; line += 1) sender.send(deadLetterOf(line), () => undefined)
    expect(queue.batches).toHaveLength(4)
    queue.batches[2]?.accept()
    await nextTick()
    expect(queue.batches).toHaveLength(5)
  })
})

describe('there is no room', () => {
  const postUntilFull = (text: string): number => {
    const sender = new DeadLetterSender(new ManualQueue(), new VirtualClock())
    let line = 0
    while (sender.hasRoom) sender.send(deadLetterOf((line += 1), text), () => undefined)
    return line
  }

  test('for more than 200 dead letters beside those in flight', () => {
    expect(postUntilFull('x')).toBe(4 * 10 + 200)
  })

  test('for more than 4 MiB beside those in flight, so that memory is bounded', () => {
    expect(postUntilFull('x'.repeat(200_000))).toBeLessThan(80)
  })

  test('until a batch is acknowledged', async () => {
    const queue = new ManualQueue()
    const backPressure = new BackPressure()
    const sender = new DeadLetterSender(queue, new VirtualClock(), backPressure)
    let line = 0
    while (backPressure.hasRoom) sender.send(deadLetterOf((line += 1)), () => undefined)
    const room = roomIn(backPressure)
    queue.batches[0]?.accept()
    await room
    expect(sender.hasRoom).toBe(true)
  })
})

test('an entry that SQS will never take is sent without its line', async () => {
  const bodies: string[] = []
  const queue: DeadLetterQueue = {
    sendBatch: (batch) => {
      bodies.push(...batch.map(({ body }) => body))
      const isRefused = batch[0]?.body.includes('"line":"x"') === true
      return Promise.resolve(isRefused ? [{ index: 0, code: 'InvalidMessageContents', isSenderFault: true }] : [])
    },
  }
  const sender = new DeadLetterSender(queue, new VirtualClock())
  let isAcknowledged = false
  sender.send(deadLetterOf(7), () => {
    isAcknowledged = true
  })
  await sender.flush()
  expect(isAcknowledged).toBe(true)
  expect(JSON.parse(bodies[1] ?? '')).toMatchObject({ lineTruncated: true, source: { line: 7 } })
  expect(JSON.parse(bodies[1] ?? '')).not.toHaveProperty('line')
})

const REFUSED_BY_SERVICE: RefusedEntry = { index: 0, code: 'InternalError', isSenderFault: false }
const REFUSED_FOR_EVER: RefusedEntry = { index: 0, code: 'InvalidMessageContents', isSenderFault: true }

// prettier-ignore
describe.each<[string, DeadLetterQueue['sendBatch'], object]>([
  //  a queue that                             answers                                                     error
  [ 'refuses an entry at every try',           () => Promise.resolve([REFUSED_BY_SERVICE]),                { code: 'dead_letter_refused', message: expect.stringContaining('(InternalError)') as unknown } ],
  [ 'refuses an entry even without its line',  () => Promise.resolve([REFUSED_FOR_EVER]),                  { code: 'dead_letter_refused', message: expect.stringContaining('(InvalidMessageContents)') as unknown } ],
  [ 'does not exist',                          () => Promise.reject(new Error('QueueDoesNotExist')),       { message: 'QueueDoesNotExist' } ],
])('a queue that %s', (_what, sendBatch, error) => {
  test('fails the import, and no dead letter counts as sent', async () => {
    const backPressure = new BackPressure()
    const sender = new DeadLetterSender({ sendBatch }, new VirtualClock(), backPressure)
    let isAcknowledged = false
    sender.send(deadLetterOf(1), () => (isAcknowledged = true))
    await expect(sender.flush()).rejects.toMatchObject(error)
    expect(backPressure.hasRoom).toBe(false)
    await expect(roomIn(backPressure)).rejects.toMatchObject(error)
    expect(isAcknowledged).toBe(false)
  })
})

test('stop waits for the batches in flight, sends no other, and ends the wait before a retry', async () => {
  const clock = new VirtualClock()
  const started = clock.now()
  let sent = 0
  const queue: DeadLetterQueue = {
    sendBatch: (batch) => {
      sent += 1
      return Promise.resolve(batch.map((_entry, index) => ({ index, code: 'InternalError', isSenderFault: false })))
    },
  }
  const sender = new DeadLetterSender(queue, clock)
  for (let line = 1; line <= 10; line += 1) sender.send(deadLetterOf(line), () => undefined)
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve() // the batch was refused and is about to be retried
  await sender.stop()
  await nextTick()
  expect(sent).toBe(1)
  expect(clock.now()).toBe(started)
})

test('attributes contain only characters that SQS accepts', async () => {
  const keys: unknown[] = []
  const queue: DeadLetterQueue = {
    sendBatch: (batch) => {
      keys.push(...batch.map(({ attributes }) => attributes.key))
      return Promise.resolve([])
    },
  }
  const sender = new DeadLetterSender(queue, new VirtualClock())
  sender.send(deadLetterOf(1), () => undefined)
  await sender.flush()
  expect(keys).toEqual(['k\uFFFD\uFFFD'])
})

test('a dead letter that SQS refused counts again while it waits for the next try', async () => {
  const large = 'x'.repeat(200_000)
  let isRefusing = true
  const queue: DeadLetterQueue = {
    sendBatch: (batch) =>
      isRefusing
        ? Promise.resolve(batch.map((_, index) => ({ index, code: 'ServiceUnavailable', isSenderFault: false })))
        : new Promise(() => undefined),
  }
  const clock = new VirtualClock()
  const sender = new DeadLetterSender(queue, clock)
  for (let line = 1; line <= 10; line += 1) sender.send(deadLetterOf(line, large), () => undefined)
  await nextTick()
  isRefusing = false
  await clock.sleep(10_000) // the ten are in flight again
  for (let line = 11; line <= 45; line += 1) sender.send(deadLetterOf(line, large), () => undefined)
  expect(sender.hasRoom).toBe(false)
})
