import { fullJitter, retryAfterMs } from '../backoff.ts'
import { asError, OutageError, SetupError } from '../errors.ts'
import type { Request } from '../parse/request.ts'
import type { Clock, Endpoint } from '../ports.ts'
import type { BackPressure, BoundedStage } from '../settle/back-pressure.ts'
import { classify, type AnswerClass } from './classify.ts'
import { Limiter } from './limiter.ts'
import { RetryState, type Failure } from './retry-state.ts'

/** How the requests of one line ended. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | { readonly kind: 'undeliverable'; readonly because: string; readonly attempts: number }

/** How nearly every request ends. */
const DELIVERED: Outcome = Object.freeze({ kind: 'delivered', attempts: 1 })

export interface DeliveryOptions {
  readonly maxInFlight: number
  /** Left out or 0: no limit. */
  readonly maxLinesPerSecond?: number
  /** Called when the endpoint makes lines wait, at most once for each pause. */
  readonly onPause?: (ms: number) => void
  /** Called when a request is sent again that the endpoint may have accepted before. */
  readonly onRepeat?: () => void
}

/** The answer to an attempt that was begun without a promise. */
interface FirstAnswer {
  readonly answerClass: AnswerClass
  readonly attempt: number
}

/**
 * How many lines may have begun and not ended, for each attempt in flight. A line that waits for a retry uses no slot, so other lines
 * use them meanwhile.
 */
export const OPEN_LINES_PER_SLOT = 4

/** While others are accepted, only the rate keeps a busy endpoint from accepting a line. */
const SHORT_BACKOFF_MS = { first: 250, max: 1_000 }
/** How long a line waits that the endpoint calls bad, until it is known whether others pass. */
const REFUSAL_WAIT_MS = 200
const MAX_REFUSAL_WAITS = 4
/** A line that is asked to wait waits up to this share longer, so that lines that were refused together do not return together. */
const JITTER = 0.25

/** If more new lines than this fail in a row, a known-good probe no longer proves anything: a cache may answer it instead of the endpoint. */
const MAX_UNTESTED = 4

const RETRY_BACKOFF_MS = { first: 250, max: 20_000 }

/**
 * Sends lines, many at a time and in no fixed order, and retries each until it is delivered or cannot be. The settlement sends lines as long
 * as the back-pressure object has room. docs/delivery.md describes the behaviour as a whole.
 *
 * The requests of one line go one after the other, because an alias must not overtake its event. The first outage or wrong setup ends
 * the whole delivery: no further attempt begins, and `drain` and the back-pressure object throw the error.
 */
export class Delivery implements BoundedStage {
  readonly #endpoint: Endpoint
  readonly #clock: Clock
  readonly #backPressure: BackPressure
  readonly #limiter: Limiter
  readonly #maxLines: number
  readonly #onRepeat: () => void
  readonly #stopping = new AbortController()
  #error: Error | undefined
  /** Lines that have begun and not ended: in flight, or waiting for a retry. */
  #lines = 0
  #drained: PromiseWithResolvers<undefined> | undefined
  /** The last request that was accepted at its first attempt. */
  #knownGood: Request | undefined
  #knownGoodProbe: Promise<boolean> | undefined
  /** New lines that failed at their first attempt since a line was last accepted. */
  #untested = 0

  constructor(
    endpoint: Endpoint,
    clock: Clock,
    backPressure: BackPressure,
    { maxInFlight, maxLinesPerSecond = 0, onPause, onRepeat }: DeliveryOptions,
  ) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#backPressure = backPressure
    this.#maxLines = maxInFlight * OPEN_LINES_PER_SLOT
    this.#onRepeat = onRepeat ?? (() => undefined)
    this.#limiter = new Limiter(clock, {
      maxInFlight,
      maxPerSecond: maxLinesPerSecond,
      onPause: onPause ?? (() => undefined),
      onOpen: () => {
        backPressure.changed()
      },
    })
    backPressure.add(this)
  }

  get hasRoom(): boolean {
    return this.#lines < this.#maxLines && this.#limiter.isOpen
  }

  onWait(): void {
    this.#limiter.expectNewLine(this.#lines < this.#maxLines && !this.#limiter.isOpen)
  }

  /** Requests that have begun, of all lines. */
  get begunRequests(): number {
    return this.#limiter.history.begun
  }

  /** Changes the share of the limit that all invocations share. @param share undefined for no limit */
  limitTo(share: { readonly perSecond: number; readonly until: number } | undefined): void {
    this.#limiter.limitTo(share)
  }

  /** Begins to send a line and returns immediately. `onOutcome` is called when the line has ended, or never if the delivery ends first. */
  send(requests: readonly Request[], onOutcome: (outcome: Outcome) => void): void {
    this.#lines += 1
    const attempt = requests.length === 1 ? this.#limiter.tryAcquire() : undefined
    const [request] = requests
    if (request === undefined || attempt === undefined) {
      void this.#sendAll(requests, onOutcome)
      return
    }
    this.#endpoint.send(request, (answer) => {
      const answerClass = classify(answer)
      if (answerClass.kind === 'delivered') this.#endAccepted(request, attempt, onOutcome)
      else void this.#sendAll(requests, onOutcome, { answerClass, attempt })
    })
  }

  /**
   * Begins no further attempt; `drain` and the back-pressure object throw this error from now on. Attempts in flight still end, and
   * `onOutcome` is called for the lines that they complete.
   */
  stop(error: Error): void {
    this.#error ??= error
    this.#stopping.abort()
    this.#limiter.stop()
    this.#backPressure.fail(error)
  }

  /** Waits until every line has ended. @throws OutageError, SetupError, or the error that was passed to `stop` */
  async drain(): Promise<void> {
    if (this.#lines > 0) await (this.#drained ??= Promise.withResolvers<undefined>()).promise
    if (this.#error !== undefined) throw this.#error
  }

  /**
   * Ends a line whose only request was accepted at its first attempt, as nearly all are. It costs no promise.
   *
   * The limiter comes last: it lets the next line begin immediately, on the connection that has just answered.
   */
  #endAccepted(request: Request, attempt: number, onOutcome: (outcome: Outcome) => void): void {
    try {
      onOutcome(DELIVERED)
    } catch (error) {
      this.stop(asError(error))
    }
    this.#endLine()
    this.#recordKnownGood(request, attempt)
    this.#backPressure.changed()
  }

  /** @param first the answer to the first attempt of the first request, if there is one */
  async #sendAll(requests: readonly Request[], onOutcome: (outcome: Outcome) => void, first?: FirstAnswer): Promise<void> {
    try {
      let attempts = 0
      let answered = first
      for (const request of requests) {
        const outcome = await this.#sendOne(request, answered)
        if (outcome === undefined) return
        answered = undefined
        attempts += outcome.attempts
        if (outcome.kind === 'undeliverable') {
          onOutcome({ ...outcome, attempts })
          return
        }
      }
      onOutcome({ kind: 'delivered', attempts })
    } catch (error) {
      this.stop(asError(error))
    } finally {
      this.#endLine()
      this.#backPressure.changed()
    }
  }

  #endLine(): void {
    this.#lines -= 1
    if (this.#lines > 0) return
    this.#drained?.resolve(undefined)
    this.#drained = undefined
  }

  /** @returns undefined if the delivery ended meanwhile */
  async #sendOne(request: Request, first: FirstAnswer | undefined): Promise<Outcome | undefined> {
    const attempt = first?.attempt ?? this.#limiter.tryAcquire() ?? (await this.#limiter.acquire())
    if (attempt === undefined) return undefined
    const answerClass = first?.answerClass ?? (await this.#answerTo(request))
    if (answerClass.kind !== 'delivered') return this.#retry(request, answerClass, attempt)
    this.#recordKnownGood(request, attempt)
    return DELIVERED
  }

  /** @param request accepted at its first attempt */
  #recordKnownGood(request: Request, attempt: number): void {
    this.#knownGood = request
    this.#untested = 0
    this.#limiter.recordAccepted(attempt)
  }

  #answerTo(request: Request): Promise<AnswerClass> {
    return new Promise((resolve) => {
      this.#endpoint.send(request, (answer) => {
        resolve(classify(answer))
      })
    })
  }

  /**
   * Retries a request that was not accepted at its first attempt.
   *
   * @returns undefined if the delivery ended meanwhile: the outcome of the line is unknown, and the next run will send it again
   */
  async #retry(request: Request, firstAnswerClass: AnswerClass, firstAttempt: number): Promise<Outcome | undefined> {
    const state = new RetryState(this.#clock.now())
    this.#untested += 1
    let answerClass = firstAnswerClass
    let attempt: number | undefined = firstAttempt
    let isStaleSocket = false
    for (let attempts = 1; ; attempts += 1) {
      switch (answerClass.kind) {
        case 'delivered':
          this.#limiter.recordAccepted(attempt)
          this.#untested = 0
          return { kind: 'delivered', attempts }
        case 'undeliverable':
          this.#limiter.recordAccepted(attempt)
          return { kind: 'undeliverable', because: answerClass.because, attempts }
        case 'misconfigured':
          throw setupError(this.#endpoint, answerClass.because)
        case 'unresolved':
        case 'retry':
          break
      }
      // A cut connection may be a stale socket, so the request is sent again immediately, on a new one. If that is cut too, it is a failure.
      isStaleSocket =
        !isStaleSocket && answerClass.kind === 'retry' && answerClass.isConnectionCut === true && this.#limiter.isHealthy
      if (isStaleSocket) {
        this.#limiter.release()
        attempt = await this.#limiter.acquireNext()
      } else {
        await this.#waitAfter(answerClass, attempt, state)
        if (this.#stopping.signal.aborted) return undefined
        let decision = state.decide(this.#clock.now(), this.#limiter.history)
        if ((decision === 'outage' || decision === 'unclear') && !(await this.#isKnownGoodAccepted()))
          throw outageError(answerClass.because)
        if (decision === 'unclear') decision = state.decideByProbe()
        if (decision === 'poison') return { kind: 'undeliverable', because: answerClass.because, attempts }
        attempt = await this.#limiter.acquire()
      }
      if (attempt === undefined) return undefined
      if (answerClass.kind === 'retry' && answerClass.isAnswerLost === true) this.#onRepeat()
      answerClass = await this.#answerTo(request)
    }
  }

  /** Records a failure, and waits until it is time to decide what to do about it. @throws OutageError, SetupError */
  async #waitAfter(failure: Failure, attempt: number, state: RetryState): Promise<void> {
    const now = this.#clock.now()
    const retryAfter = failure.kind === 'retry' ? failure.retryAfter : undefined
    const askedMs = retryAfter === undefined ? 0 : (retryAfterMs(retryAfter, now) ?? 0)
    if (state.attributeToLine(failure, this.#limiter.history)) this.#limiter.recordPoison(attempt)
    else this.#limiter.recordFailure(attempt, askedMs)
    if (state.fail(failure, now, this.#limiter.history, this.#limiter.failingMs, askedMs) === 'misconfigured')
      throw setupError(this.#endpoint, failure.because)
    if (failure.kind !== 'unresolved' && this.#limiter.hasGivenUp && !(await this.#isKnownGoodAccepted()))
      throw outageError(failure.because)
    if (this.#limiter.needsKnownGoodProbe && this.#lines > 1) await this.#isKnownGoodAccepted()
    const chance = this.#clock.chance()
    await this.#sleep(askedMs * (1 + JITTER * chance))
    if (failure.kind === 'retry' && failure.cause === 'request') return this.#waitForOthers(state, chance)
    const isShort = failure.kind === 'retry' && failure.cause === 'endpoint' && state.hasOvertaking(this.#limiter.history)
    await this.#sleep(fullJitter(state.failures, chance, isShort ? SHORT_BACKOFF_MS : RETRY_BACKOFF_MS) - askedMs)
  }

  /** Waits until a request that began later is accepted, which proves that the line is bad: another try soon would prove nothing more. */
  async #waitForOthers(state: RetryState, chance: number): Promise<void> {
    for (let waits = 0; waits < MAX_REFUSAL_WAITS && !this.#stopping.signal.aborted; waits += 1) {
      await this.#sleep(REFUSAL_WAIT_MS * (1 + JITTER * chance))
      if (state.othersPassed(this.#limiter.history)) return
    }
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await this.#clock.sleep(ms, this.#stopping.signal)
  }

  /**
   * Sends a request again that was accepted before, if lines fail and there is no other line to compare them with. Kissmetrics counts exact
   * repeats once, so this costs nothing.
   *
   * Without a known-good request, or after too many untested lines, it counts as an outage, because an outage must never fill the
   * dead-letter queue.
   */
  #isKnownGoodAccepted(): Promise<boolean> {
    if (this.#untested > MAX_UNTESTED) return Promise.resolve(false)
    this.#knownGoodProbe ??= this.#sendKnownGood(this.#knownGood).finally(() => {
      this.#knownGoodProbe = undefined
    })
    return this.#knownGoodProbe
  }

  async #sendKnownGood(request: Request | undefined): Promise<boolean> {
    const attempt = request && (await this.#limiter.acquireNext())
    if (request === undefined || attempt === undefined) return false
    this.#onRepeat()
    const isAccepted = (await this.#answerTo(request)).kind === 'delivered'
    if (isAccepted) this.#limiter.recordAccepted(attempt)
    else this.#limiter.recordFailure(attempt, 0)
    return isAccepted
  }
}

function setupError({ origin }: Endpoint, because: string): SetupError {
  return new SetupError(
    `The endpoint does not take requests: ${because}. Check its address (${origin}), the API key, and any proxy or firewall in between. ` +
      'Nothing is lost: lines that were not delivered are sent when this is fixed.',
  )
}

function outageError(because: string): OutageError {
  return new OutageError(
    `The endpoint is down: ${because}, for this line and for others. Lines that were not delivered are retried later.`,
  )
}
