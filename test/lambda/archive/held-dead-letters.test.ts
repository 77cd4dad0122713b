import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { setImmediate as turn } from 'node:timers/promises'
import { sqsDeadLetterReader } from '../../../lambda/adapters/sqs.ts'
import { HeldDeadLetters } from '../../../lambda/archive/held-dead-letters.ts'
import type { DeadLetterReader, QueuedDeadLetter } from '../../../lambda/ports.ts'
import { create, localSqs, type LocalSqs } from '../../emulators/sqs/local-sqs.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function deadLetter(id: number, receipt = `r-${id}`): QueuedDeadLetter {
  return { id: String(id), body: 'b', receipt, sentAt: new Date(0) }
}

/** Gives these answers, one after the other, and then nothing more. */
function readerOf(answers: readonly (readonly QueuedDeadLetter[])[], others: Partial<DeadLetterReader> = {}): DeadLetterReader {
  let calls = 0
  const unused = () => Promise.reject(new Error('takeAll only takes'))
  return { take: () => Promise.resolve(answers[calls++] ?? []), keepHidden: unused, putBack: unused, remove: unused, ...others }
}

const taking = (reader: DeadLetterReader, clock = new ManualClock()) => new HeldDeadLetters(reader, clock)
const NEVER = new AbortController().signal

describe('taking all dead letters', () => {
  test('sees each once, although SQS can deliver it twice', async () => {
    const seen: string[] = []
    const answers = [[deadLetter(1), deadLetter(2)], [], [deadLetter(2), deadLetter(3)]]
    expect(await taking(readerOf(answers)).takeAll(({ id }) => void seen.push(id), NEVER)).toBe(true)
    expect(seen).toEqual(['1', '2', '3'])
  })

  test('does not stop at the first empty answer', async () => {
    let seen = 0
    await taking(readerOf([...Array.from({ length: 8 }, () => []), [deadLetter(1)]])).takeAll(() => {
      seen += 1
    }, NEVER)
    expect(seen).toBe(1)
  })

  test.each<[name: string, known: number, short: readonly string[], long: readonly string[], seen: string, longPolls: boolean]>([
    ['asks no more when the queue has no more than short polls have found', 2, ['1', '2'], [], '12', false],
    ['looks for what short polls have missed', 3, ['1', '2'], ['3'], '123', true],
    ['looks for more when the queue has none', 0, [], [], '', false],
  ])('%s', async (_name, known, short, long, expected, hasLongPolls) => {
    const left = { short: short.map((id) => deadLetter(Number(id))), long: long.map((id) => deadLetter(Number(id))) }
    const polls = new Set<string | undefined>()
    const take: DeadLetterReader['take'] = (_seconds, polling = 'long') => {
      polls.add(polling)
      return Promise.resolve(left[polling].splice(0, 1))
    }
    let seen = ''
    const isWhole = await taking(readerOf([], { take })).takeAll(
      ({ id }) => {
        seen += id
      },
      NEVER,
      (count) => Promise.resolve(count >= known),
    )
    expect([isWhole, seen, polls.has('long')]).toEqual([true, expected, hasLongPolls])
  })

  test('stops when it is aborted, and says that there may be more', async () => {
    const controller = new AbortController()
    const answers = Array.from({ length: 50 }, (_, id) => [deadLetter(id)])
    const seen: string[] = []
    const isWhole = await taking(readerOf(answers)).takeAll(({ id }) => {
      seen.push(id)
      controller.abort()
    }, controller.signal)
    expect(isWhole).toBe(false)
    expect(seen.length).toBeLessThanOrEqual(8) // calls at the same time
  })

  test('ends with the error of the callback', async () => {
    await expect(
      taking(readerOf([[deadLetter(1)]])).takeAll(() => Promise.reject(new Error('disk full')), NEVER),
    ).rejects.toThrow('disk full')
  })

  test('takes no more once the callback has failed', async () => {
    let seen = 0
    const answers = Array.from({ length: 50 }, (_, id) => [deadLetter(id)])
    const failing = taking(readerOf(answers)).takeAll(() => {
      seen += 1
      return Promise.reject(new Error('disk full'))
    }, NEVER)
    await expect(failing).rejects.toThrow('disk full')
    expect(seen).toBeLessThanOrEqual(8) // calls at the same time
  })
})

describe('dead letters that are held', () => {
  const clock = new ManualClock()
  let local: LocalSqs
  let queueUrl: string
  let queues = 0
  beforeAll(async () => {
    local = await localSqs({ now: clock.now, waitScale: 0 })
  })
  afterAll(async () => {
    await local[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    queueUrl = await create(local.sqs, `q${(queues += 1)}`)
  })

  async function send(count: number): Promise<void> {
    const Entries = Array.from({ length: count }, (_, index) => ({ Id: String(index), MessageBody: String(index) }))
    for (let start = 0; start < count; start += 10)
      await local.sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: Entries.slice(start, start + 10) }))
  }

  /** The reader of the queue. `renewed` waits for what is being renewed now. */
  function queueReader() {
    const reader = sqsDeadLetterReader(local.sqs, queueUrl)
    const renewals: Promise<unknown>[] = []
    const keepHidden: DeadLetterReader['keepHidden'] = (deadLetters, seconds) => {
      const renewal = reader.keepHidden(deadLetters, seconds)
      renewals.push(renewal)
      return renewal
    }
    const renewed = async (): Promise<void> => {
      for (let before = -1; before < renewals.length;) {
        before = renewals.length
        await turn()
        await Promise.all(renewals)
      }
    }
    return { reader: { ...reader, keepHidden }, renewed }
  }

  test('stay hidden while they are read, however long that takes, and are visible when they are released', async () => {
    await send(45)
    const { reader, renewed } = queueReader()
    const other = sqsDeadLetterReader(local.sqs, queueUrl)
    const seen: string[] = []
    const seenByOthers: string[] = []
    const { promise: allTaken, resolve: onAllTaken } = Promise.withResolvers<undefined>()
    let received = 0
    const take = async (seconds: number) => {
      const taken = await reader.take(seconds)
      received += taken.length
      if (received === 45) onAllTaken(undefined)
      return taken
    }
    // Nothing is left for another reader, whenever it looks.
    const readForAMinute = async (): Promise<void> => {
      clock.advance(61_000)
      await renewed()
      seenByOthers.push(...(await other.take(0)).map(({ body }) => body))
    }
    let reading: Promise<void> = allTaken
    const held = new HeldDeadLetters({ ...reader, take }, clock)
    const isWhole = await held.takeAll(({ body }) => {
      seen.push(body)
      reading = reading.then(readForAMinute)
      return reading
    }, NEVER)
    expect(isWhole).toBe(true)
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, index) => index))
    expect(seenByOthers).toEqual([])
    await held[Symbol.asyncDispose]()
    let visible = 0
    for (let taken = await other.take(60); taken.length > 0; taken = await other.take(60)) visible += taken.length
    expect(visible).toBe(45)
  })

  test('are not renewed any more when their time was over, because another consumer can have taken them', async () => {
    await send(1)
    const { reader, renewed } = queueReader()
    await using held = new HeldDeadLetters(reader, clock)
    const ids: string[] = []
    await held.takeAll(({ id }) => void ids.push(id), NEVER)
    const isHidden = (ms: number) => held.isHiddenFor(ids, ms)
    expect([isHidden(300_000), isHidden(300_001)]).toEqual([true, false])
    clock.advance(120_000)
    await renewed()
    expect([isHidden(300_000), isHidden(300_001)]).toEqual([true, false])
    clock.advance(300_000) // the computer slept
    await renewed()
    expect([isHidden(0), isHidden(1)]).toEqual([true, false])
    clock.advance(1)
    expect([isHidden(0), held.isHiddenFor(['not in the queue'], 0)]).toEqual([false, true])
  })
})

test('a dead letter that SQS has delivered twice is removed and released with the receipt of its last delivery', async () => {
  const receipts: Record<string, string[]> = { removed: [], released: [] }
  const note = (name: string) => (deadLetters: readonly { readonly receipt: string }[]) => {
    receipts[name]?.push(...deadLetters.map(({ receipt }) => receipt))
    return Promise.resolve()
  }
  const answers = [
    [deadLetter(1), deadLetter(2)],
    [deadLetter(1, 'later'), deadLetter(2, 'later too')],
  ]
  const held = taking(readerOf(answers, { remove: note('removed'), putBack: note('released') }))
  await held.takeAll(() => undefined, NEVER)
  await held.remove(['1', 'unknown'])
  await held[Symbol.asyncDispose]()
  expect(receipts).toEqual({ removed: ['later'], released: ['later too'] })
})

test('a renewal that fails for some time is repeated, and one that SQS refuses for one dead letter does not count for it', async () => {
  const clock = new ManualClock()
  const answers = [[deadLetter(1), deadLetter(2)]]
  let renewals = 0
  const held = taking(
    readerOf(answers, {
      keepHidden: (deadLetters) => {
        renewals += 1
        return renewals <= 2 ? Promise.reject(new Error('SQS is down')) : Promise.resolve(deadLetters.slice(1))
      },
      putBack: () => Promise.resolve(),
    }),
    clock,
  )
  await held.takeAll(() => undefined, NEVER)
  for (let minute = 1; minute <= 4; minute += 1) {
    clock.advance(61_000)
    await turn()
  }
  expect(renewals).toBeGreaterThanOrEqual(3)
  expect([held.isHiddenFor(['1'], 100_000), held.isHiddenFor(['2'], 100_000)]).toEqual([false, true])
  await held[Symbol.asyncDispose]()
})
