import { OutageError, SetupError } from '../errors.ts'
import type { Request } from '../parse/request.ts'
import type { Attempt } from './attempt.ts'
import { fullJitter, retryAfterMs } from '../backoff.ts'
import { Limiter } from './limiter.ts'
import { classify, type AnswerClass } from './classify.ts'
import { RetryState, type End, type Failure } from './retry-state.ts'
import type { Clock, Endpoint } from '../ports.ts'

/** How the requests of one line ended. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | { readonly kind: 'undeliverable'; readonly because: string; readonly attempts: number }

/** How nearly every request ends. */
const DELIVERED: Outcome = Object.freeze({ kind: 'delivered', attempts: 1 })

export interface DeliveryOptions {
  readonly maxInFlight: number
  /** Left out or 0: as many as the endpoint takes. */
  readonly maxLinesPerSecond?: number
  /** Told when the endpoint makes lines wait, at most once for each pause. */
  readonly onPause?: (ms: number) => void
  /** Told when a line that was delivered is sent once more. */
  readonly onRepeat?: () => void
}

/** New lines that may fail in a row, and one that was taken before is believed that the endpoint is well. */
const MAX_UNTESTED = 4

const RETRY_BACKOFF_MS = { first: 250, max: 20_000 }

/**
 * Sends lines, many at a time and in no order, each until it is delivered or cannot be.
 *
 * A line's requests go one after the other, since an alias must not overtake its event. The first outage or wrong set-up ends the
 * whole delivery: no further try is begun, and `room` and `drain` throw what happened.
 */
export class Delivery {
  readonly #endpoint: Endpoint
  readonly #clock: Clock
  readonly #limiter: Limiter
  readonly #maxLines: number
  readonly #onRepeat: () => void
  readonly #stopping = new AbortController()
  #waiters: (() => void)[] = []
  #ended: Error | undefined
  /** Lines that have begun and not ended: in flight, or waiting for another try. */
  #lines = 0
  /** The last request that was taken at its first try. */
  #taken: Request | undefined
  /** Lines that were not taken at their first try, since the last that was taken at all. */
  #untested = 0
  /** That request, while it is sent once more. */
  #probe: Promise<boolean> | undefined

  constructor(endpoint: Endpoint, clock: Clock, { maxInFlight, maxLinesPerSecond = 0, onPause, onRepeat }: DeliveryOptions) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#maxLines = maxInFlight
    this.#onRepeat = onRepeat ?? (() => undefined)
    this.#limiter = new Limiter(clock, { maxInFlight, maxPerSecond: maxLinesPerSecond, onPause: onPause ?? (() => undefined) })
  }

  /** Whether a line would have to wait. Whoever sends asks first, which slows the S3 socket down to the pace of the endpoint. */
  get isFull(): boolean {
    return this.#ended !== undefined || this.#lines >= this.#maxLines || !this.#limiter.isOpen
  }

  /** Waits until another line may be sent. @throws OutageError, SetupError */
  async room(): Promise<void> {
    while (this.#ended === undefined && this.isFull) {
      await (this.#lines >= this.#maxLines ? this.#lineEnd() : this.#limiter.opening())
    }
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Waits for a line to end, or for none to be on its way. @throws OutageError, SetupError */
  async change(): Promise<void> {
    if (this.#lines > 0 && this.#ended === undefined) await this.#lineEnd()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Begins to send a line and returns at once; `onOutcome` is called when it has ended, never where the delivery ended first. */
  send(requests: readonly Request[], onOutcome: (outcome: Outcome) => void): void {
    this.#lines += 1
    void this.#sendAll(requests, onOutcome)
  }

  /**
   * Begins no further try, wakes whoever waits, and has `room`, `change` and `drain` throw that error from now on. What is in flight
   * comes to its end, and what is delivered of it is told.
   */
  stop(error: Error): void {
    this.#ended ??= error
    this.#stopping.abort()
    this.#limiter.stop()
    this.#wake()
  }

  /** Waits for everything that is on its way. @throws OutageError, SetupError */
  async drain(): Promise<void> {
    while (this.#lines > 0) await this.#lineEnd()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** One promise for a line whose requests are taken at once, which is nearly every one: promises are a good part of what a line costs. */
  async #sendAll(requests: readonly Request[], onOutcome: (outcome: Outcome) => void): Promise<void> {
    try {
      let attempts = 0
      for (const request of requests) {
        const attempt = this.#limiter.begin() ?? (await this.#limiter.turn())
        if (attempt === undefined) return
        const answerClass = classify(await this.#endpoint.send(request))
        let outcome: Outcome | undefined = DELIVERED
        if (answerClass.kind === 'delivered') {
          this.#limiter.answered('taken', attempt)
          this.#taken = request
          this.#untested = 0
        } else outcome = await this.#tryAgain(request, answerClass, attempt)
        if (outcome === undefined) return
        attempts += outcome.attempts
        if (outcome.kind === 'undeliverable') {
          onOutcome({ ...outcome, attempts })
          return
        }
      }
      onOutcome({ kind: 'delivered', attempts })
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#lines -= 1
      this.#wake()
    }
  }

  /**
   * What becomes of a request that was not taken at once.
   *
   * @returns undefined where the delivery ended meanwhile: then nothing is known of this line, and its drop will be read again.
   */
  async #tryAgain(request: Request, firstAnswerClass: AnswerClass, firstAttempt: Attempt): Promise<Outcome | undefined> {
    const state = new RetryState(firstAttempt)
    this.#untested += 1
    let answerClass = firstAnswerClass
    let attempt: Attempt | undefined = firstAttempt
    let isFresh = false
    for (let attempts = 1; ; attempts += 1) {
      switch (answerClass.kind) {
        case 'delivered':
          this.#limiter.answered('taken', attempt)
          this.#untested = 0
          return { kind: 'delivered', attempts }
        case 'undeliverable':
          this.#limiter.answered('taken', attempt)
          return { kind: 'undeliverable', because: answerClass.because, attempts }
        case 'misconfigured':
          throw wrongSetup(answerClass.because)
        case 'unresolved':
        case 'again':
          break
      }
      isFresh = !isFresh && answerClass.kind === 'again' && answerClass.isCut === true && this.#limiter.isTrusted
      if (isFresh) {
        this.#limiter.release()
        attempt = await this.#limiter.nextTurn()
      } else {
        const end = this.#fail(answerClass, attempt, state)
        if ((end === 'endpoint' || end === 'unclear') && !(await this.#takesWhatItTook())) throw outage(answerClass.because)
        if (end === 'line' || end === 'unclear') return { kind: 'undeliverable', because: answerClass.because, attempts }
        if (this.#limiter.lacksProbe && this.#lines > 1) await this.#takesWhatItTook()
        await this.#clock.sleep(fullJitter(state.failures, this.#clock.chance(), RETRY_BACKOFF_MS), this.#stopping.signal)
        attempt = await this.#limiter.turn()
      }
      if (attempt === undefined) return undefined
      answerClass = classify(await this.#endpoint.send(request))
    }
  }

  /**
   * Where lines fail and there is no other to compare them with, one that was taken before is sent once more: Kissmetrics counts exact
   * repeats once, so it is a witness that costs nothing. Without one it is an outage, which must never fill the dead-letter queue; and
   * so it is where more than a few new lines failed: perhaps a cache answers in place of the endpoint.
   */
  #takesWhatItTook(): Promise<boolean> {
    if (this.#untested > MAX_UNTESTED) return Promise.resolve(false)
    this.#probe ??= this.#repeat(this.#taken).finally(() => {
      this.#probe = undefined
    })
    return this.#probe
  }

  async #repeat(request: Request | undefined): Promise<boolean> {
    const attempt = request && (await this.#limiter.nextTurn())
    if (request === undefined || attempt === undefined) return false
    this.#onRepeat()
    const isTaken = classify(await this.#endpoint.send(request)).kind === 'delivered'
    this.#limiter.answered(isTaken ? 'taken' : 'failed', attempt)
    return isTaken
  }

  /** @returns what becomes of the line @throws SetupError */
  #fail(failure: Failure, attempt: Attempt, state: RetryState): Exclude<End, 'setup'> {
    const isRefusal = failure.kind === 'again' && failure.isRefusal === true
    const now = this.#clock.now()
    const asked = failure.kind === 'again' && failure.retryAfter !== undefined ? retryAfterMs(failure.retryAfter, now) : undefined
    if (asked !== undefined && asked > 0) this.#limiter.pause(asked)
    if (state.suspect(failure, this.#limiter.answers)) this.#limiter.answeredBadLine(attempt)
    else this.#limiter.answered(isRefusal ? 'refused' : 'failed', attempt)
    const end = state.fail(failure, now, this.#limiter.answers, this.#limiter.failingMs)
    if (end === 'setup') throw wrongSetup(failure.because)
    return failure.kind !== 'unresolved' && this.#limiter.isOver && end !== 'unclear' ? 'endpoint' : end
  }

  #lineEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #wake(): void {
    const waiters = this.#waiters
    if (waiters.length === 0) return
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}

function wrongSetup(because: string): SetupError {
  return new SetupError(
    `The endpoint does not take requests: ${because}. Check KM_ENDPOINT, the API key and what stands between here and there. ` +
      'Nothing is lost: what was not delivered waits in the queue.',
  )
}

function outage(because: string): OutageError {
  return new OutageError(
    `The endpoint is down: ${because}, and the same for the lines around it. The drop goes back to the queue.`,
  )
}
