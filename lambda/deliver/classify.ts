/** The answer to one request: a status line with headers, or a network failure. */
export type Answer =
  | { readonly kind: 'status'; readonly status: number; readonly contentType?: string; readonly retryAfter?: string }
  /** `code` as the operating system, TLS or undici names it, e.g. `ECONNRESET` or `UND_ERR_HEADERS_TIMEOUT`. */
  | { readonly kind: 'no-answer'; readonly code: string }

/**
 * What an answer means for its request. Three cases must not be confused: a bad line, an outage, a wrong setup.
 *
 * `because` is a clause about the endpoint for a person, e.g. "it answered 500".
 */
export type AnswerClass =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry'
      /**
       * - `endpoint`: it is busy. That makes a line undeliverable only after minutes, if no other line is left.
       * - `request`: it calls the request bad. So the line is bad, or a server in between is.
       * - `unknown`: the line or the endpoint.
       */
      readonly cause: 'endpoint' | 'request' | 'unknown'
      readonly because: string
      readonly retryAfter?: string
      /** The connection was cut. It may have been cut long ago: a socket goes stale while it is idle or Lambda is frozen. */
      readonly isConnectionCut?: true
      /** The endpoint may have accepted the request, and another try may repeat it. */
      readonly isAnswerLost?: true
    }
  /** The host name does not resolve. That is often temporary, so it counts as `misconfigured` only after a while. */
  | { readonly kind: 'unresolved'; readonly because: string }
  | { readonly kind: 'undeliverable'; readonly because: string }
  | { readonly kind: 'misconfigured'; readonly because: string }

/** Decides what one answer means. Pure: `delivery.ts` calls it for each answer, waits, counts the failures and gives up. */
export function classify(answer: Answer): AnswerClass {
  return answer.kind === 'no-answer' ? classifyNoAnswer(answer.code) : classifyStatus(answer)
}

const CUT_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** There was no connection, so nothing was sent. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'])

const TLS_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'HOSTNAME_MISMATCH',
])

function classifyNoAnswer(code: string): AnswerClass {
  if (UNRESOLVED.has(code)) return { kind: 'unresolved', because: `its name does not resolve (${code})` }
  // EPROTO: the TLS handshake reached something that does not speak TLS.
  if (TLS_CODES.has(code) || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return { kind: 'misconfigured', because: `its TLS certificate or protocol is not accepted (${code})` }
  }
  return {
    kind: 'retry',
    cause: 'unknown',
    because: `it did not answer (${code})`,
    ...(CUT_CONNECTION.has(code) && { isConnectionCut: true }),
    ...(!NOT_CONNECTED.has(code) && { isAnswerLost: true }),
  }
}

const TOO_LONG = new Set([413, 414, 431])
const NO_ACCESS = new Set([401, 403, 404, 407])

function classifyStatus({ status, contentType, retryAfter }: Extract<Answer, { kind: 'status' }>): AnswerClass {
  if (status >= 200 && status < 300) {
    // Kissmetrics answers with a 1x1 GIF. A page means that something else answered: a captive portal, or an expired domain.
    if (contentType?.startsWith('text/html') === true) {
      return { kind: 'misconfigured', because: `it answered with a web page (${status}), which Kissmetrics never does` }
    }
    return { kind: 'delivered' }
  }
  const ifAsked = retryAfter === undefined ? {} : { retryAfter }
  const ifLost = status >= 500 ? { isAnswerLost: true as const } : {}
  if (status === 429 || status === 503) {
    return { kind: 'retry', cause: 'endpoint', because: `it is busy (${status})`, ...ifAsked, ...ifLost }
  }
  if (TOO_LONG.has(status)) return { kind: 'undeliverable', because: `it refused the request as too long (${status})` }
  if (NO_ACCESS.has(status)) return { kind: 'misconfigured', because: `it answered ${status}` }
  if (status >= 300 && status < 400) {
    return { kind: 'misconfigured', because: `it redirects elsewhere (${status}), and a redirect would carry the API key along` }
  }
  const cause = isBadRequest(status) ? 'request' : 'unknown'
  return { kind: 'retry', cause, because: `it answered ${status}`, ...ifAsked, ...ifLost }
}

/** 408 and 425 are about the moment, and not about the request. */
function isBadRequest(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425
}
