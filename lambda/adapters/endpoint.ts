import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Answer } from '../deliver/classify.ts'
import { codeOf } from '../errors.ts'
import type { Request } from '../parse/request.ts'
import type { Endpoint } from '../ports.ts'
import { EndpointStats, type EndpointFigures } from './endpoint-stats.ts'

const CONNECT_TIMEOUT_MS = 5_000
const HEADERS_TIMEOUT_MS = 10_000
const BODY_TIMEOUT_MS = 10_000
/** From the first byte sent to the last byte received. A response that arrives byte by byte never hits the other timeouts. */
const ATTEMPT_TIMEOUT_MS = 20_000
/** Kissmetrics answers with a GIF of 43 bytes. A longer body than this is aborted. */
const MAX_BODY_BYTES = 65_536

const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' }

export interface EndpointTimeouts {
  readonly connectMs?: number
  readonly headersMs?: number
  readonly bodyMs?: number
  readonly attemptMs?: number
}

export interface HttpEndpoint extends Endpoint {
  /** How the attempts since the last call have gone, and how many are in flight. */
  takeFigures(): EndpointFigures & { readonly inFlight: number }
  close(): Promise<void>
}

/** HTTP to Kissmetrics over one keep-alive pool. It decides nothing: deliver/classify.ts says what an answer means. */
export function kissmetricsEndpoint(origin: URL, maxSockets: number, timeouts: EndpointTimeouts = {}): HttpEndpoint {
  const { send, ...pool } = httpPool(origin, maxSockets, timeouts)
  return { ...pool, send: (request) => send(optionsFor(request)) }
}

/** HTTP to one origin. */
export interface HttpPool extends Pick<HttpEndpoint, 'takeFigures' | 'close'> {
  /** Never rejects: a network failure is an answer too. Follows no redirects and does not retry. */
  readonly send: (options: Dispatcher.DispatchOptions) => Promise<Answer>
}

export function httpPool(origin: URL, maxSockets: number, timeouts: EndpointTimeouts = {}): HttpPool {
  const pool = new Pool(origin, {
    connections: maxSockets,
    connectTimeout: timeouts.connectMs ?? CONNECT_TIMEOUT_MS,
    headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
    bodyTimeout: timeouts.bodyMs ?? BODY_TIMEOUT_MS,
  })
  const stats = new EndpointStats()
  const watch = new AttemptWatch(timeouts.attemptMs ?? ATTEMPT_TIMEOUT_MS, stats)
  return {
    send: (options) =>
      new Promise((resolve) => {
        pool.dispatch(options, new Attempt(resolve, watch))
      }),
    takeFigures: () => ({ ...stats.take(), inFlight: watch.inFlight }),
    close: () => pool.destroy(),
  }
}

function optionsFor({ method, path, body }: Request): Dispatcher.DispatchOptions {
  return body === undefined ? { method, path } : { method, path, body, headers: FORM_HEADERS }
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** One request and its response, in the form of an undici handler. It resolves exactly once, whatever happens. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #watch: AttemptWatch
  /** Neighbours in the list of the watch, by start time. */
  older: Attempt | undefined
  newer: Attempt | undefined
  /** When it started, by `performance.now`; undefined while it is not in that list. */
  since: number | undefined
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #bodyBytes = 0

  constructor(resolve: (answer: Answer) => void, watch: AttemptWatch) {
    this.#resolve = resolve
    this.#watch = watch
  }

  /** Called again if undici moves the request to another connection, which it only does before the first byte is sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#watch.add(this)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    const contentType = headers['content-type']
    const retryAfter = headers['retry-after']
    const answer: Writable<Extract<Answer, { kind: 'status' }>> = { kind: 'status', status }
    if (typeof contentType === 'string') answer.contentType = contentType
    if (typeof retryAfter === 'string') answer.retryAfter = retryAfter
    this.#answer = answer
  }

  // The body is read and discarded: an unread body would block its socket.
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes > MAX_BODY_BYTES) controller.abort(new AttemptError('BODY_TOO_LONG'))
  }

  onResponseEnd(): void {
    this.#settle({ kind: 'no-answer', code: 'NO_STATUS' })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle({ kind: 'no-answer', code: nameOf(error) })
  }

  expire(): void {
    this.#controller?.abort(new AttemptError('ATTEMPT_TIMEOUT'))
  }

  /** A status line with headers is an answer, even if the body breaks off after it. */
  #settle(fallback: Answer): void {
    this.#watch.end(this, this.#answer?.kind === 'status' ? this.#answer.status : undefined)
    this.#resolve(this.#answer ?? fallback)
  }
}

/**
 * Ends attempts that take too long. All share one coarse timer: a timer for each would cost more than parsing the line. So would a Map of
 * the attempts, so they are linked, the oldest first.
 */
class AttemptWatch {
  readonly #timeoutMs: number
  readonly #stats: EndpointStats
  #oldest: Attempt | undefined
  #newest: Attempt | undefined
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, stats: EndpointStats) {
    this.#timeoutMs = timeoutMs
    this.#stats = stats
  }

  get inFlight(): number {
    return this.#inFlight
  }

  add(attempt: Attempt): void {
    if (attempt.since !== undefined) this.#remove(attempt) // a restarted attempt
    attempt.since = performance.now()
    attempt.older = this.#newest
    if (this.#newest === undefined) this.#oldest = attempt
    else this.#newest.newer = attempt
    this.#newest = attempt
    this.#inFlight += 1
    this.#timer ??= setInterval(() => {
      this.#sweep()
    }, this.#timeoutMs / 20).unref()
  }

  /** @param status undefined if there was no answer */
  end(attempt: Attempt, status: number | undefined): void {
    const { since } = attempt
    this.#stats.record(status, since === undefined ? undefined : performance.now() - since)
    if (since !== undefined) this.#remove(attempt)
    if (this.#inFlight > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #remove(attempt: Attempt): void {
    const { older, newer } = attempt
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    attempt.older = undefined
    attempt.newer = undefined
    attempt.since = undefined
    this.#inFlight -= 1
  }

  #sweep(): void {
    const latest = performance.now() - this.#timeoutMs
    let attempt = this.#oldest
    while (attempt?.since !== undefined && attempt.since <= latest) {
      const { newer } = attempt // expire() may remove it
      attempt.expire()
      attempt = newer
    }
  }
}

class AttemptError extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** If a host name has several addresses, their errors come as one AggregateError: the first code stands for all. Some errors have only a name. */
function nameOf(error: Error): string {
  const [first] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : []
  return codeOf(error) || codeOf(first) || error.name
}
