import type { Client, Dispatcher } from 'undici'
import type { Answer } from '../deliver/classify.ts'
import { codeOf } from '../errors.ts'
import type { AttemptWatch, Watched } from './attempt-watch.ts'

/** Kissmetrics answers with a GIF of 43 bytes. A longer body than this is aborted. */
const MAX_BODY_BYTES = 65_536

export type OnAnswer = (answer: Answer) => void

type StatusAnswer = Extract<Answer, { readonly kind: 'status' }>

/**
 * A connection and the attempt on it, one at a time, in the form of an undici handler. It lives as long as the pool, so an attempt needs
 * no handler and no promise of its own. Each attempt is answered exactly once, whatever happens.
 *
 * The handler has the older form of undici's two: the newer one costs a wrapper, a controller and an object of headers for each response.
 */
export class HttpSlot implements Dispatcher.DispatchHandler, Watched {
  readonly #client: Client
  readonly #watch: AttemptWatch
  readonly #onEnd: (slot: HttpSlot, answer: Answer, onAnswer: OnAnswer) => void
  older: Watched | undefined
  newer: Watched | undefined
  since: number | undefined
  #onAnswer: OnAnswer | undefined
  #abort: ((error: Error) => void) | undefined
  #answer: StatusAnswer | undefined
  /** The answer to an earlier attempt. Nearly all are the same, and share one object. */
  #usual: StatusAnswer = { kind: 'status', status: 204 }
  #bodyBytes = 0

  constructor(client: Client, watch: AttemptWatch, onEnd: (slot: HttpSlot, answer: Answer, onAnswer: OnAnswer) => void) {
    this.#client = client
    this.#watch = watch
    this.#onEnd = onEnd
  }

  /** Begins an attempt. The one before must have ended, or be ending: `onEnd` may call this. */
  begin(options: Dispatcher.DispatchOptions, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer
    this.#abort = undefined
    this.#answer = undefined
    this.#bodyBytes = 0
    this.#client.dispatch(options, this)
  }

  close(): Promise<void> {
    return this.#client.destroy()
  }

  expire(): void {
    this.#abort?.(new AttemptError('ATTEMPT_TIMEOUT'))
  }

  /** Called again if undici moves the attempt to another connection, which it only does before the first byte is sent. */
  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    this.#watch.add(this)
  }

  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    if (status >= 200) this.#answer = this.#usual = answerOf(status, headers, this.#usual)
    return true
  }

  // The body is read and discarded: an unread body would block its socket.
  onData(chunk: Buffer): boolean {
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes > MAX_BODY_BYTES) this.#abort?.(new AttemptError('BODY_TOO_LONG'))
    return true
  }

  onComplete(): void {
    this.#end({ kind: 'no-answer', code: 'NO_STATUS' })
  }

  /** undici may call this while it sends, or while it tidies up after a connection. The next attempt must not begin in the middle of that. */
  onError(error: Error): void {
    queueMicrotask(() => {
      this.#end({ kind: 'no-answer', code: nameOf(error) })
    })
  }

  /** A status line with headers is an answer, even if the body breaks off after it. */
  #end(fallback: Answer): void {
    const onAnswer = this.#onAnswer
    if (onAnswer === undefined) return
    this.#onAnswer = undefined
    this.#watch.end(this, this.#answer?.status)
    this.#onEnd(this, this.#answer ?? fallback, onAnswer)
  }
}

/** @param headers names and values in turn @param usual returned if it is the same answer */
function answerOf(status: number, headers: readonly Buffer[], usual: StatusAnswer): StatusAnswer {
  const contentType = valueOf('content-type', headers, usual.contentType)
  const retryAfter = valueOf('retry-after', headers, usual.retryAfter)
  if (status === usual.status && contentType === usual.contentType && retryAfter === usual.retryAfter) return usual
  return {
    kind: 'status',
    status,
    ...(contentType !== undefined && { contentType }),
    ...(retryAfter !== undefined && { retryAfter }),
  }
}

/** @param usual returned if it is the same text: a new string for each answer would cost a call of native code */
function valueOf(name: string, headers: readonly Buffer[], usual: string | undefined): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const value = headers[index + 1]
    if (value === undefined || !isText(headers[index], name, LOWER_CASE)) continue
    return usual !== undefined && isText(value, usual, 0) ? usual : value.toString('latin1')
  }
  return undefined
}

/** This bit makes a letter of ASCII lower case, and leaves a hyphen as it is. */
const LOWER_CASE = 0x20

function isText(bytes: Buffer | undefined, text: string, bit: number): boolean {
  if (bytes?.length !== text.length) return false
  for (let at = 0; at < text.length; at += 1) if (((bytes[at] ?? 0) | bit) !== text.charCodeAt(at)) return false
  return true
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
