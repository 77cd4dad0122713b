/** What came back for one attempt: a status line and headers, or nothing that can be called an answer. */
export type Answer =
  | { readonly kind: 'status'; readonly status: number; readonly contentType?: string; readonly retryAfter?: string }
  /** `code` as the operating system, TLS or undici names it: `ECONNRESET`, `UND_ERR_HEADERS_TIMEOUT`… */
  | { readonly kind: 'silence'; readonly code: string }

/** What an answer means. Three ends must not be confused: a bad line, a bad hour, a bad set-up. */
export type AnswerClass =
  | { readonly kind: 'delivered' }
  /** `blame` says whether repeating failures may be held against the line, or only against the endpoint. */
  | {
      readonly kind: 'again'
      readonly blame: 'line' | 'endpoint'
      readonly because: string
      readonly retryAfter?: string
      /** The connection was cut. Perhaps it had been for long: a socket goes stale while it, or the whole function, sleeps. */
      readonly isCut?: true
      /** It asks for fewer requests, and does not only fail to answer one. */
      readonly isRefusal?: true
    }
  /** The host's name is unknown: often a passing fault, so it becomes `misconfigured` only after a while. */
  | { readonly kind: 'unresolved'; readonly because: string }
  | { readonly kind: 'undeliverable'; readonly because: string }
  | { readonly kind: 'misconfigured'; readonly because: string }

/** Pure: who waits, counts the tries and gives up is deliver.ts. */
export function classify(answer: Answer): AnswerClass {
  return answer.kind === 'silence' ? classifySilence(answer.code) : classifyStatus(answer)
}

const CUT = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

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

function classifySilence(code: string): AnswerClass {
  if (UNRESOLVED.has(code)) return { kind: 'unresolved', because: `its name does not resolve (${code})` }
  // EPROTO is a TLS handshake with something that does not speak TLS.
  if (TLS_CODES.has(code) || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return { kind: 'misconfigured', because: `its TLS certificate or protocol is not accepted (${code})` }
  }
  return { kind: 'again', blame: 'line', because: `no answer (${code})`, ...(CUT.has(code) && { isCut: true }) }
}

const TOO_LONG = new Set([413, 414, 431])
const NOT_LET_IN = new Set([401, 403, 404, 407])

function classifyStatus({ status, contentType, retryAfter }: Extract<Answer, { kind: 'status' }>): AnswerClass {
  if (status >= 200 && status < 300) {
    // Kissmetrics answers with a 1x1 GIF. A page means that something else took the request: a captive portal, a parked name.
    if (contentType?.startsWith('text/html') === true) {
      return { kind: 'misconfigured', because: `a web page answered (${status}), which the tracking endpoint never does` }
    }
    return { kind: 'delivered' }
  }
  if (status === 429 || status === 503) {
    return {
      kind: 'again',
      blame: 'endpoint',
      because: `it is busy (${status})`,
      // A 503 now and then is a fault of one server among many; slowing down for each would bring an import to a crawl.
      ...((status === 429 || retryAfter !== undefined) && { isRefusal: true }),
      ...(retryAfter !== undefined && { retryAfter }),
    }
  }
  if (TOO_LONG.has(status)) return { kind: 'undeliverable', because: `it finds the request too long (${status})` }
  if (NOT_LET_IN.has(status)) return { kind: 'misconfigured', because: `it answered ${status}` }
  if (status >= 300 && status < 400) {
    return { kind: 'misconfigured', because: `it redirects elsewhere (${status}), and a redirect would carry the API key along` }
  }
  return { kind: 'again', blame: 'line', because: `it answered ${status}`, ...(retryAfter !== undefined && { retryAfter }) }
}
