import { OutageError, SetupError } from '../errors.ts'
import type { Request } from '../parse/request.ts'
import { backoffMs, retryAfterMs } from './backoff.ts'
import { blameFor, type Tally } from './health.ts'
import { judge, type Answer, type Verdict } from './judge.ts'
import { Window } from './window.ts'

/** Kissmetrics, seen from here. Never rejects: what goes wrong is an answer too. */
export interface Endpoint {
  send(request: Request): Promise<Answer>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after that time, or at once when the signal is raised; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** From 0 up to 1. */
  chance(): number
}

/** How the requests of one line ended. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | { readonly kind: 'undeliverable'; readonly because: string; readonly attempts: number }

/** How nearly every request ends. */
const DELIVERED: Outcome = Object.freeze({ kind: 'delivered', attempts: 1 })

interface Beginning {
  readonly start: Tally
  readonly startedAt: number
}

export interface DeliveryOptions {
  readonly maxInFlight: number
  /** Left out or 0: as many as the endpoint takes. */
  readonly maxLinesPerSecond?: number
  /** Told when the endpoint makes lines wait, at most once for each pause. */
  readonly onPause?: (ms: number) => void
}

/** Tries of one request that may be held against its line. */
const MAX_TRIES = 10
/** How long a line may be put off by an endpoint that is busy, before that is an outage. */
const PATIENCE_MS = 5 * 60_000
/** How long a name may fail to resolve before somebody has to look at it. DNS comes and goes, above all in a VPC. */
const UNRESOLVED_PATIENCE_MS = 60_000

/**
 * Sends lines, many at a time and in no order, each until it is delivered or cannot be.
 *
 * A line's requests go one after the other, since an alias must not overtake its event. The first outage or wrong set-up ends the
 * whole delivery: no further try is begun, and `room` and `drain` throw what happened.
 */
export class Delivery {
  readonly #endpoint: Endpoint
  readonly #clock: Clock
  readonly #window: Window
  readonly #onPause: (ms: number) => void
  readonly #stopping = new AbortController()
  #ended: Error | undefined
  #pausedUntil = 0
  #delivered = 0
  #failed = 0

  constructor(endpoint: Endpoint, clock: Clock, options: DeliveryOptions) {
    this.#endpoint = endpoint
    this.#clock = clock
    this.#window = new Window(options.maxInFlight)
    this.#onPause = options.onPause ?? (() => undefined)
  }

  get isFull(): boolean {
    return this.#window.isFull || this.#ended !== undefined
  }

  /** Waits until another line may be sent. @throws OutageError, SetupError */
  async room(): Promise<void> {
    while (this.#window.isFull && this.#ended === undefined) await this.#window.change()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Waits for a line to end, or for none to be on its way. @throws OutageError, SetupError */
  async change(): Promise<void> {
    if (!this.#window.isEmpty && this.#ended === undefined) await this.#window.change()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Begins to send a line and returns at once; `onOutcome` is called when it has ended, never where the delivery ended first. */
  send(requests: readonly Request[], onOutcome: (outcome: Outcome) => void): void {
    this.#window.enter()
    void this.#sendAll(requests, onOutcome)
  }

  /** Begins no further try, wakes whoever waits for one, and has `room`, `change` and `drain` throw that error from now on. */
  stop(error: Error): void {
    this.#ended ??= error
    this.#stopping.abort()
  }

  /** Waits for everything that is on its way. @throws OutageError, SetupError */
  async drain(): Promise<void> {
    while (!this.#window.isEmpty) await this.#window.change()
    if (this.#ended !== undefined) throw this.#ended
  }

  /** One promise for a line whose requests are taken at once, which is nearly every one: promises are a good part of what a line costs. */
  async #sendAll(requests: readonly Request[], onOutcome: (outcome: Outcome) => void): Promise<void> {
    try {
      let attempts = 0
      for (const request of requests) {
        const start = this.#tally()
        const startedAt = this.#clock.now()
        if (this.#pausedUntil > 0) await this.#waitOutPause()
        if (this.#ended !== undefined) return
        const verdict = judge(await this.#endpoint.send(request))
        const outcome: Outcome | undefined =
          verdict.kind === 'delivered' ? DELIVERED : await this.#tryAgain(request, verdict, { start, startedAt })
        if (outcome === undefined) return
        attempts += outcome.attempts
        if (outcome.kind === 'undeliverable') {
          onOutcome({ ...outcome, attempts })
          return
        }
      }
      this.#delivered += 1
      onOutcome({ kind: 'delivered', attempts })
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#window.leave()
    }
  }

  /**
   * What becomes of a request that was not taken at once.
   *
   * @returns undefined where the delivery ended meanwhile: then nothing is known of this line, and its drop will be read again.
   */
  async #tryAgain(request: Request, firstVerdict: Verdict, { start, startedAt }: Beginning): Promise<Outcome | undefined> {
    let verdict = firstVerdict
    let first: Tally | undefined
    let recent = start
    let tries = 0
    for (let attempts = 1; ; attempts += 1) {
      switch (verdict.kind) {
        case 'delivered':
          return { kind: 'delivered', attempts }
        case 'undeliverable':
          return { kind: 'undeliverable', because: verdict.because, attempts }
        case 'misconfigured':
          throw wrongSetup(verdict.because)
        case 'unresolved':
        case 'again':
          break
      }
      this.#failed += 1
      if (verdict.kind === 'again' && verdict.blame === 'line') tries += 1
      const waitedMs = this.#clock.now() - startedAt
      if (verdict.kind === 'unresolved' && waitedMs > UNRESOLVED_PATIENCE_MS) throw wrongSetup(verdict.because)
      if (tries >= MAX_TRIES || waitedMs > PATIENCE_MS) {
        if (blameFor({ tries: attempts, start, first: first ?? start, recent, now: this.#tally() }) === 'endpoint')
          throw outage(verdict.because)
        return { kind: 'undeliverable', because: verdict.because, attempts }
      }
      recent = this.#tally()
      first ??= recent
      await this.#waitBefore(verdict, attempts)
      if (this.#pausedUntil > 0) await this.#waitOutPause()
      if (this.#ended !== undefined) return undefined
      verdict = judge(await this.#endpoint.send(request))
    }
  }

  #tally(): Tally {
    return { delivered: this.#delivered, failed: this.#failed }
  }

  async #waitBefore(verdict: Extract<Verdict, { kind: 'again' | 'unresolved' }>, attempts: number): Promise<void> {
    const asked =
      verdict.kind === 'again' && verdict.retryAfter !== undefined
        ? retryAfterMs(verdict.retryAfter, this.#clock.now())
        : undefined
    // What the endpoint asks of one it asks of all: who goes on sending is only told the same again.
    if (asked !== undefined && asked > 0) this.#pause(asked)
    await this.#clock.sleep(backoffMs(attempts, this.#clock.chance()), this.#stopping.signal)
  }

  #pause(ms: number): void {
    const until = this.#clock.now() + ms
    if (this.#pausedUntil === 0) this.#onPause(ms)
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
  }

  async #waitOutPause(): Promise<void> {
    for (
      let left = this.#pausedUntil - this.#clock.now();
      left > 0 && this.#ended === undefined;
      left = this.#pausedUntil - this.#clock.now()
    ) {
      await this.#clock.sleep(left, this.#stopping.signal)
    }
    this.#pausedUntil = 0
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
