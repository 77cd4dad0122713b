import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Answer } from '../deliver/classify.ts'
import { codeOf } from '../errors.ts'
import type { Request } from '../parse/request.ts'
import type { Endpoint } from '../ports.ts'

const CONNECT_TIMEOUT_MS = 5_000
const HEADERS_TIMEOUT_MS = 10_000
const BODY_TIMEOUT_MS = 10_000
/** From the first byte out to the last byte in: an answer that drips byte by byte outlives every other timeout. */
const ATTEMPT_TIMEOUT_MS = 20_000
/** Kissmetrics answers with a GIF of 43 bytes. Whoever sends more than this is not read to the end. */
const MAX_BODY_BYTES = 65_536

const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' }

export interface EndpointTimeouts {
  readonly connectMs?: number
  readonly headersMs?: number
  readonly bodyMs?: number
  readonly attemptMs?: number
}

/** HTTP to Kissmetrics over one keep-alive pool. An adapter translates and decides nothing: what an answer means is deliver/judge.ts. */
export function endpointAt(
  origin: URL,
  maxSockets: number,
  timeouts: EndpointTimeouts = {},
): Endpoint & { close(): Promise<void> } {
  const pool = new Pool(origin, {
    connections: maxSockets,
    connectTimeout: timeouts.connectMs ?? CONNECT_TIMEOUT_MS,
    headersTimeout: timeouts.headersMs ?? HEADERS_TIMEOUT_MS,
    bodyTimeout: timeouts.bodyMs ?? BODY_TIMEOUT_MS,
  })
  const watch = new AttemptWatch(timeouts.attemptMs ?? ATTEMPT_TIMEOUT_MS)
  return {
    send: (request) =>
      new Promise((resolve) => {
        // Neither redirects nor retries: a bare dispatch does nothing that is not asked of it here.
        pool.dispatch(optionsFor(request), new Attempt(resolve, watch))
      }),
    close: () => pool.destroy(),
  }
}

function optionsFor({ method, path, body }: Request): Dispatcher.DispatchOptions {
  return body === undefined ? { method, path } : { method, path, body, headers: FORM_HEADERS }
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

/** One request and what comes back for it, as undici calls it. Whatever happens, it answers once. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #watch: AttemptWatch
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #bodyBytes = 0

  constructor(resolve: (answer: Answer) => void, watch: AttemptWatch) {
    this.#resolve = resolve
    this.#watch = watch
  }

  /** Called again where undici moves a request to another connection, which it does before the first byte is out. */
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

  // An unread body keeps its socket from the next line, so it is read, and thrown away.
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

  /** A status line with its headers is an answer, even where the body behind it breaks off. */
  #settle(otherwise: Answer): void {
    this.#watch.delete(this)
    this.#resolve(this.#answer ?? otherwise)
  }
}

/** Ends attempts that take too long. One coarse timer for all of them: a timer each would cost more than parsing the line. */
class AttemptWatch {
  readonly #timeoutMs: number
  /** In the order in which they began, so that only the head is ever looked at. */
  readonly #since = new Map<Attempt, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  add(attempt: Attempt): void {
    this.#since.delete(attempt) // or one that begins again would keep its old place in the order
    this.#since.set(attempt, performance.now())
    this.#timer ??= setInterval(() => {
      this.#sweep()
    }, this.#timeoutMs / 20).unref()
  }

  delete(attempt: Attempt): void {
    this.#since.delete(attempt)
    if (this.#since.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    const latest = performance.now() - this.#timeoutMs
    for (const [attempt, since] of this.#since) {
      if (since > latest) return
      attempt.expire()
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

/** Several addresses behind one name fail together, and what they have in common is in the first; some errors have only a name. */
function nameOf(error: Error): string {
  const [first] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : []
  return codeOf(error) || codeOf(first) || error.name
}
