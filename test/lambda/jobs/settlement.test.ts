import { describe, expect, test } from '@jest/globals'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import { OPEN_LINES_PER_SLOT } from '../../../lambda/deliver/delivery.ts'
import { OutageError } from '../../../lambda/errors.ts'
import { eventsFor } from '../../../lambda/events.ts'
import { Settlement } from '../../../lambda/jobs/settlement.ts'
import { toEntry } from '../../../lambda/parse/entry.ts'
import type { DeadLetterQueue, Ports, RefusedEntry } from '../../../lambda/ports.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { Ledger } from '../../../lambda/settle/ledger.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { promisedEndpoint } from '../../support/promised-endpoint.ts'
import { roomIn } from '../../support/room-in.ts'

const API_KEY = '0123456789abcdef0123456789abcdef01234567'
const VALID = '{"_p":"a","_n":"e","_t":1700000000}'
const REJECTED = '{"_n":"e","_t":1700000000}'
const ORIGIN = { file: { bucket: 'b', key: 'incoming/a.json' }, replays: 0 }

const ACCEPTED: Answer = { kind: 'status', status: 200 }

/** A settlement with an endpoint and a dead-letter queue that answer when the test says so, or at once. */
class Scene {
  readonly clock = new VirtualClock()
  readonly requests: ((answer: Answer) => void)[] = []
  readonly batches: { readonly deadLetters: readonly DeadLetter[]; readonly accept: () => void }[] = []
  readonly ledger: Ledger
  readonly settlement: Settlement
  #newest = 0

  constructor({
    maxOpen = 100,
    maxInFlight = 8,
    answer,
  }: { maxOpen?: number; maxInFlight?: number; answer?: () => Answer } = {}) {
    this.ledger = new Ledger({ watermark: { line: 0, byte: 0 } }, maxOpen)
    const endpoint = promisedEndpoint(() =>
      answer === undefined ? new Promise((resolve) => this.requests.push(resolve)) : Promise.resolve(answer()),
    )
    const deadLetters: DeadLetterQueue = {
      sendBatch: (batch) => {
        const { promise, resolve } = Promise.withResolvers<readonly RefusedEntry[]>()
        const bodies = batch.map(({ body }) => JSON.parse(body) as DeadLetter)
        this.batches.push({
          deadLetters: bodies,
          accept: () => {
            resolve([])
          },
        })
        return promise
      },
    }
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined, count: () => undefined }
    const limits = { maxInFlight, maxLinesPerSecond: 0 }
    const ports = { endpoint, deadLetters, clock: this.clock, events: eventsFor(log), limits } as unknown as Ports
    this.settlement = new Settlement(ORIGIN, ports, this.ledger)
  }

  /** Settles the next lines. Each is ten bytes long, whatever its text. */
  settle(...texts: readonly string[]): void {
    for (const text of texts) {
      this.#newest += 1
      const line = { number: this.#newest, byteStart: (this.#newest - 1) * 10, byteEnd: this.#newest * 10 - 1, text }
      this.settlement.settle(toEntry(line, { latestTime: Infinity }, API_KEY))
    }
  }

  get hasRoom(): boolean {
    return this.settlement.backPressure.hasRoom
  }
}

/** Lets everything happen that needs no time: the virtual clock jumps only after that. */
async function now(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

describe('a line is settled', () => {
  test('if it is blank, at once', () => {
    const scene = new Scene()
    scene.settle('', ' ')
    expect(scene.ledger.watermark).toEqual({ line: 2, byte: 20 })
    expect(scene.ledger.progress().counts.lines.blank).toBe(2)
  })

  test('if it is valid, when the endpoint has accepted it', async () => {
    const scene = new Scene()
    scene.settle(VALID)
    await now()
    expect(scene.ledger.watermark.line).toBe(0)
    scene.requests[0]?.(ACCEPTED)
    await scene.settlement.finish()
    expect(scene.ledger.progress().counts).toMatchObject({ lines: { delivered: 1 }, commands: { record: 1 } })
  })

  test('if it is rejected, when SQS has acknowledged its dead letter', async () => {
    const scene = new Scene()
    scene.settle(REJECTED)
    const finished = scene.settlement.finish()
    await now()
    expect(scene.ledger.watermark.line).toBe(0)
    expect(scene.batches[0]?.deadLetters).toMatchObject([
      { reason: 'missing_identity', line: REJECTED, attempts: 0, source: { line: 1, byteStart: 0, byteEnd: 9 } },
    ])
    scene.batches[0]?.accept()
    await finished
    expect(scene.ledger.progress().counts.lines).toMatchObject({ rejected: 1 })
  })

  test('if it is undeliverable, when SQS has acknowledged its dead letter, which says what the endpoint answered', async () => {
    const scene = new Scene({ answer: () => ({ kind: 'status', status: 414 }) })
    scene.settle(VALID)
    const finished = scene.settlement.finish()
    await now()
    expect(scene.batches[0]?.deadLetters).toMatchObject([
      { reason: 'endpoint_refused', detail: expect.stringContaining('(414)') as unknown, attempts: 1 },
    ])
    expect(scene.ledger.watermark.line).toBe(0)
    scene.batches[0]?.accept()
    await finished
    expect(scene.ledger.progress().counts.lines).toMatchObject({ undeliverable: 1 })
  })
})

describe('there is no room', () => {
  test('while as many lines are in flight as may be', async () => {
    const scene = new Scene({ maxInFlight: 2 })
    scene.settle(VALID, VALID)
    expect(scene.hasRoom).toBe(false)
    const room = roomIn(scene.settlement.backPressure)
    scene.requests[1]?.(ACCEPTED)
    await room
    scene.requests[0]?.(ACCEPTED)
    await scene.settlement.finish()
  })

  test('while too many lines have not ended, however far the others have got', async () => {
    const scene = new Scene({ maxOpen: 2 })
    scene.settle(VALID, '', '', '')
    expect(scene.hasRoom).toBe(true)
    scene.settle(VALID)
    expect(scene.hasRoom).toBe(false)
    const room = roomIn(scene.settlement.backPressure)
    scene.requests[1]?.(ACCEPTED)
    await room
    expect(scene.ledger.progress()).toMatchObject({ watermark: { line: 0 }, ended: [[2, 5]] })
    scene.requests[0]?.(ACCEPTED)
    await scene.settlement.finish()
    expect(scene.ledger.watermark.line).toBe(5)
  })

  test('if they are dead letters that wait for their batch to fill, the batch is sent as it is', async () => {
    const scene = new Scene({ maxOpen: 2 })
    scene.settle(REJECTED, '', '', REJECTED)
    await now()
    expect(scene.batches).toEqual([])
    const room = roomIn(scene.settlement.backPressure)
    await now()
    expect(scene.batches[0]?.deadLetters).toHaveLength(2)
    scene.batches[0]?.accept()
    await room
    expect(scene.ledger.watermark.line).toBe(4)
  })

  test('after an outage, and the reader gets the error', async () => {
    const scene = new Scene({ maxInFlight: 1, answer: () => ({ kind: 'no-answer', code: 'ECONNREFUSED' }) })
    for (let line = 0; line < OPEN_LINES_PER_SLOT; line += 1) scene.settle(VALID)
    await expect(roomIn(scene.settlement.backPressure)).rejects.toThrow(OutageError)
    await expect(scene.settlement.finish()).rejects.toThrow(OutageError)
    expect(scene.batches).toEqual([])
  })

  test('after it was stopped, and the reader gets that error', async () => {
    const scene = new Scene({ maxInFlight: 1 })
    const error = new Error('out of time')
    scene.settle(VALID)
    const room = roomIn(scene.settlement.backPressure)
    scene.settlement.stop(error)
    await expect(room).rejects.toBe(error)
    expect(scene.hasRoom).toBe(false)
  })
})

describe('shutting down', () => {
  test('waits for requests and dead letters in flight, and settles their lines', async () => {
    const scene = new Scene()
    scene.settle(VALID, REJECTED)
    let isShutDown = false
    const shutDown = scene.settlement.shutDown(new Error('out of time')).then(() => (isShutDown = true))
    await now()
    scene.requests[0]?.(ACCEPTED)
    await now()
    expect(isShutDown).toBe(false)
    expect(scene.batches[0]?.deadLetters).toHaveLength(1)
    scene.batches[0]?.accept()
    await shutDown
    expect(scene.ledger.progress().counts.lines).toMatchObject({ delivered: 1, rejected: 1 })
  })

  test('begins no other request', async () => {
    const scene = new Scene()
    scene.settle(VALID)
    const shutDown = scene.settlement.shutDown(new Error('out of time'))
    scene.requests[0]?.({ kind: 'status', status: 500 })
    await shutDown
    expect(scene.requests).toHaveLength(1)
    expect(scene.ledger.watermark.line).toBe(0)
  })
})
