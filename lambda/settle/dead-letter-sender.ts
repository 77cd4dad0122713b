import { fullJitter } from '../backoff.ts'
import { asError } from '../errors.ts'
import type { Clock, DeadLetterQueue, RefusedEntry } from '../ports.ts'
import { BackPressure, type BoundedStage } from './back-pressure.ts'
import { envelopeBytes, MAX_BATCH_ENTRIES, nextBatchLength, type Envelope } from './batching.ts'
import { toBody, type DeadLetter } from './dead-letter.ts'

/** A dead letter that is not in the queue yet. */
interface Pending {
  readonly deadLetter: DeadLetter
  readonly envelope: Envelope
  readonly bytes: number
  readonly onSent: () => void
  readonly failures: number
}

/** More batches in flight gain nothing: SQS takes thousands of messages per second. */
const MAX_BATCHES_IN_FLIGHT = 4
/** Dead letters, and their bytes, that may be pending before the reader has to wait. */
const MAX_PENDING = 200
const MAX_PENDING_BYTES = 4 * 1_048_576
const MAX_FAILURES = 8
const RETRY_BACKOFF_MS = { first: 200, max: 5_000 }

/** SQS refused a dead letter at every try, or said that it will never accept it. The import fails: its line must not count as settled. */
export class DeadLetterRefused extends Error {
  override readonly name = 'DeadLetterRefused'
  readonly code = 'dead_letter_refused'
}

/**
 * Sends dead letters in batches. A line is settled when SQS has acknowledged its dead letter, and not before. The settlement sends through
 * it, and so do jobs that send a single dead letter.
 *
 * An entry that SQS could not take is sent again. An entry that SQS will never take is sent without its line; the byte range in it leads to
 * the line.
 */
export class DeadLetterSender implements BoundedStage {
  readonly #queue: DeadLetterQueue
  readonly #clock: Clock
  readonly #backPressure: BackPressure
  readonly #stopping = new AbortController()
  readonly #batches = new Set<Promise<void>>()
  #pending: Pending[] = []
  #pendingBytes = 0
  #error: Error | undefined

  constructor(queue: DeadLetterQueue, clock: Clock, backPressure = new BackPressure()) {
    this.#queue = queue
    this.#clock = clock
    this.#backPressure = backPressure
    backPressure.add(this)
  }

  get hasRoom(): boolean {
    return this.#pending.length < MAX_PENDING && this.#pendingBytes < MAX_PENDING_BYTES
  }

  /** Nothing to start: full batches are always on their way. */
  onWait(): void {
    return
  }

  /** Adds a dead letter to the next batch. `onSent` is called when SQS has acknowledged it. */
  send(deadLetter: DeadLetter, onSent: () => void): void {
    const pending = toPending(deadLetter, onSent, 0)
    this.#pending.push(pending)
    this.#pendingBytes += pending.bytes
    this.#sendFullBatches()
  }

  /** Sends what is pending, even if the last batch is not full, up to the limit of batches in flight. */
  sendNow(): void {
    while (this.#pending.length > 0 && this.#batches.size < MAX_BATCHES_IN_FLIGHT && this.#error === undefined) this.#sendBatch()
  }

  /** Sends what is pending and waits until SQS has acknowledged all of it. @throws DeadLetterRefused, or the error of SQS */
  async flush(): Promise<void> {
    while (this.#error === undefined && (this.#pending.length > 0 || this.#batches.size > 0)) {
      this.sendNow()
      await Promise.race(this.#batches)
    }
    if (this.#error !== undefined) throw this.#error
  }

  /** Begins no further batch, and waits for those in flight. */
  async stop(): Promise<void> {
    this.#error ??= new Error('The dead-letter sender was stopped.')
    this.#stopping.abort()
    await Promise.all(this.#batches)
  }

  /** A batch that is not full waits for more dead letters. */
  #sendFullBatches(): void {
    if (this.#pending.length >= MAX_BATCH_ENTRIES || this.#pendingBytes >= MAX_PENDING_BYTES) this.sendNow()
  }

  #sendBatch(): void {
    const length = nextBatchLength(this.#pending.slice(0, MAX_BATCH_ENTRIES + 1).map(({ bytes }) => bytes))
    const batch = this.#pending.splice(0, length)
    for (const { bytes } of batch) this.#pendingBytes -= bytes
    const sending = this.#send(batch)
      .catch((error: unknown) => {
        this.#error ??= asError(error)
        this.#backPressure.fail(this.#error)
      })
      .finally(() => {
        this.#batches.delete(sending)
        this.#sendFullBatches()
        this.#backPressure.changed()
      })
    this.#batches.add(sending)
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    const refusals = await this.#queue.sendBatch(batch.map(({ envelope }) => envelope))
    const refusalAt = new Map(refusals.map((refusal) => [refusal.index, refusal]))
    const retries: Pending[] = []
    for (const [index, pending] of batch.entries()) {
      const refusal = refusalAt.get(index)
      if (refusal === undefined) pending.onSent()
      else retries.push(afterRefusal(pending, refusal))
    }
    if (retries.length === 0) return
    this.#backPressure.changed() // some lines have ended, and the retries take a while
    const failures = Math.max(...retries.map((retry) => retry.failures))
    await this.#clock.sleep(fullJitter(failures, this.#clock.chance(), RETRY_BACKOFF_MS), this.#stopping.signal)
    this.#pending.unshift(...retries)
    for (const { bytes } of retries) this.#pendingBytes += bytes
  }
}

function toPending(deadLetter: DeadLetter, onSent: () => void, failures: number): Pending {
  const envelope = {
    body: toBody(deadLetter),
    attributes: { reason: deadLetter.reason, key: asAttribute(deadLetter.source.key) },
  }
  return { deadLetter, envelope, bytes: envelopeBytes(envelope), onSent, failures }
}

/** @throws DeadLetterRefused if another try would be useless */
function afterRefusal(pending: Pending, { code, isSenderFault }: RefusedEntry): Pending {
  const { deadLetter, onSent } = pending
  const failures = pending.failures + 1
  const carriesLine = deadLetter.line !== undefined || deadLetter.lineBase64 !== undefined
  if (failures >= MAX_FAILURES || (isSenderFault && !carriesLine))
    throw new DeadLetterRefused(`SQS does not accept a dead letter (${code}). Its line is sent again when the import is retried.`)
  if (!isSenderFault) return { ...pending, failures }
  const { line: _line, lineBase64: _lineBase64, ...withoutLine } = deadLetter
  return toPending({ ...withoutLine, lineTruncated: true }, onSent, failures)
}

/** Replaces what SQS refuses in an attribute by U+FFFD. The attribute is for people; the body holds the exact key. */
function asAttribute(key: string): string {
  return key.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
}
