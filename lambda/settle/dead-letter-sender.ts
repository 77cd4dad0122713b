import { fullJitter } from '../backoff.ts'
import { toBody, type DeadLetter } from './dead-letter.ts'
import { envelopeBytes, MAX_BATCH_ENTRIES, nextBatchLength, type Envelope } from './batching.ts'
import type { Clock, DeadLetterQueue, RefusedEntry } from '../ports.ts'

interface Waiting {
  readonly deadLetter: DeadLetter
  readonly envelope: Envelope
  readonly bytes: number
  readonly onSent: () => void
  tries: number
}

/** Batches on their way at once; more gain nothing, since SQS takes thousands of messages a second. */
const MAX_BATCHES_IN_FLIGHT = 4
/** Letters, and bytes of them, that may wait before the reader has to. */
const MAX_WAITING = 200
const MAX_WAITING_BYTES = 4 * 1_048_576
const MAX_TRIES = 8
const RETRY_BACKOFF_MS = { first: 200, max: 5_000 }

/**
 * Sends dead letters, packed, many batches at a time; a letter is sent when SQS has acknowledged it, and only then its line is settled.
 *
 * An entry that SQS could not take is sent again; one that it will never take is sent without its line, which the byte range leads to.
 */
export class DeadLetterSender {
  readonly #queue: DeadLetterQueue
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #batchesInFlight = 0
  #failure: Error | undefined
  #changed: (() => void)[] = []

  constructor(queue: DeadLetterQueue, clock: Clock) {
    this.#queue = queue
    this.#clock = clock
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES || this.#failure !== undefined
  }

  post(deadLetter: DeadLetter, onSent: () => void): void {
    const waiting = toWaiting(deadLetter, onSent, 0)
    this.#waiting.push(waiting)
    this.#waitingBytes += waiting.bytes
    this.#pumpIfWorthIt()
  }

  /** Waits until more letters may be posted. @throws what SQS said, after every try */
  async room(): Promise<void> {
    while (this.isFull && this.#failure === undefined) await this.#change()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Sends what waits, also a batch that is not full, and waits until all of it is acknowledged. @throws what SQS said, after every try */
  async flush(): Promise<void> {
    while ((this.#waiting.length > 0 || this.#batchesInFlight > 0) && this.#failure === undefined) {
      this.#pump()
      await this.#change()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits for what is on its way, and begins nothing more. */
  async stop(): Promise<void> {
    this.#failure ??= new Error('the import was given up')
    this.#stopping.abort()
    while (this.#batchesInFlight > 0) await this.#change()
  }

  /** A batch that is not full waits for more letters. */
  #pumpIfWorthIt(): void {
    if (this.#waiting.length >= MAX_BATCH_ENTRIES || this.#waitingBytes >= MAX_WAITING_BYTES) this.#pump()
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#batchesInFlight < MAX_BATCHES_IN_FLIGHT && this.#failure === undefined) {
      const length = nextBatchLength(this.#waiting.slice(0, MAX_BATCH_ENTRIES + 1).map(({ bytes }) => bytes))
      const batch = this.#waiting.splice(0, length)
      for (const { bytes } of batch) this.#waitingBytes -= bytes
      this.#batchesInFlight += 1
      void this.#send(batch)
        .catch((error: unknown) => {
          this.#failure ??= error instanceof Error ? error : new Error(String(error))
        })
        .finally(() => {
          this.#batchesInFlight -= 1
          // Whoever waits for room posts nothing, so nobody else would begin the next batch.
          this.#pumpIfWorthIt()
          for (const wake of this.#changed.splice(0)) wake()
        })
    }
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const refused = new Map(
      (await this.#queue.sendBatch(batch.map(({ envelope }) => envelope))).map((entry) => [entry.index, entry]),
    )
    const again: Waiting[] = []
    for (const [index, waiting] of batch.entries()) {
      const refusal = refused.get(index)
      if (refusal === undefined) waiting.onSent()
      else again.push(afterRefusal(waiting, refusal))
    }
    if (again.length === 0) return
    const tries = Math.max(...again.map((waiting) => waiting.tries))
    await this.#clock.sleep(fullJitter(tries, this.#clock.chance(), RETRY_BACKOFF_MS), this.#stopping.signal)
    this.#waiting.unshift(...again)
    for (const { bytes } of again) this.#waitingBytes += bytes
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }
}

function toWaiting(deadLetter: DeadLetter, onSent: () => void, tries: number): Waiting {
  const envelope = {
    body: toBody(deadLetter),
    attributes: { reason: deadLetter.reason, key: asAttribute(deadLetter.source.key) },
  }
  return { deadLetter, envelope, bytes: envelopeBytes(envelope), onSent, tries }
}

/** @throws Error where the entry was refused at every try: the import fails, and nothing is settled that is not kept somewhere */
function afterRefusal(waiting: Waiting, { code, isSenderFault }: RefusedEntry): Waiting {
  const { deadLetter, onSent, tries } = waiting
  const carriesLine = deadLetter.line !== undefined || deadLetter.lineBase64 !== undefined
  if (tries + 1 >= MAX_TRIES || (isSenderFault && !carriesLine))
    throw new Error(`The dead-letter queue refused a letter for good (${code}).`)
  if (!isSenderFault) return { ...waiting, tries: tries + 1 }
  const { line: _line, lineBase64: _lineBase64, ...pointer } = deadLetter
  return toWaiting({ ...pointer, lineTruncated: true }, onSent, tries + 1)
}

/** What SQS refuses in an attribute is shown as U+FFFD: the attribute is for people's eyes, the body holds the key itself. */
function asAttribute(key: string): string {
  return key.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
}
