import { describe, expect, test } from '@jest/globals'
import { classify, type Answer, type AnswerClass } from '../../../lambda/deliver/classify.ts'

const status = (code: number, more: { contentType?: string; retryAfter?: string } = {}): Answer => ({
  kind: 'status',
  status: code,
  ...more,
})
const noAnswer = (code: string): Answer => ({ kind: 'no-answer', code })

/** The class in one word; for a retry also its cause. */
const nameOf = (answerClass: AnswerClass): string =>
  answerClass.kind === 'retry' ? `retry: ${answerClass.cause}` : answerClass.kind

describe('the class of an answer', () => {
  // prettier-ignore
  test.each<[string, Answer, string]>([
    //  what happened                            answer                                              class
    [ 'accepted',                                status(200, { contentType: 'image/gif' }),          'delivered' ],
    [ 'accepted, without a body',                status(204),                                        'delivered' ],
    [ 'a web page',                              status(200, { contentType: 'text/html; charset=x' }), 'misconfigured' ],
    [ 'too many requests',                       status(429),                                        'retry: endpoint' ],
    [ 'service unavailable',                     status(503),                                        'retry: endpoint' ],
    [ 'server error',                            status(500),                                        'retry: unknown' ],
    [ 'bad gateway',                             status(502),                                        'retry: unknown' ],
    [ 'request timeout',                         status(408),                                        'retry: unknown' ],
    [ 'bad request',                             status(400),                                        'retry: request' ],
    [ 'gone',                                    status(410),                                        'retry: request' ],
    [ 'unprocessable',                           status(422),                                        'retry: request' ],
    [ 'too early',                               status(425),                                        'retry: unknown' ],
    [ 'URI too long',                            status(414),                                        'undeliverable' ],
    [ 'body too long',                           status(413),                                        'undeliverable' ],
    [ 'headers too long',                        status(431),                                        'undeliverable' ],
    [ 'unauthorized',                            status(401),                                        'misconfigured' ],
    [ 'forbidden',                               status(403),                                        'misconfigured' ],
    [ 'not found',                               status(404),                                        'misconfigured' ],
    [ 'a proxy asks for a password',             status(407),                                        'misconfigured' ],
    [ 'moved permanently',                       status(301),                                        'misconfigured' ],
    [ 'temporary redirect',                      status(307),                                        'misconfigured' ],
    [ 'connection reset',                        noAnswer('ECONNRESET'),                             'retry: unknown' ],
    [ 'timeout',                                 noAnswer('UND_ERR_HEADERS_TIMEOUT'),                'retry: unknown' ],
    [ 'connection refused',                      noAnswer('ECONNREFUSED'),                           'retry: unknown' ],
    [ 'expired certificate',                     noAnswer('CERT_HAS_EXPIRED'),                       'misconfigured' ],
    [ 'certificate of another host',             noAnswer('ERR_TLS_CERT_ALTNAME_INVALID'),           'misconfigured' ],
    [ 'not TLS',                                 noAnswer('EPROTO'),                                 'misconfigured' ],
    [ 'unknown host name',                       noAnswer('ENOTFOUND'),                              'unresolved' ],
    [ 'DNS server not reachable',                noAnswer('EAI_AGAIN'),                              'unresolved' ],
  ])('%s', (_what, answer, expected) => {
    expect(nameOf(classify(answer))).toBe(expected)
  })
})

test.each([429, 500, 503, 400])('the Retry-After of a %i is kept', (code) => {
  expect(classify(status(code, { retryAfter: '3' }))).toMatchObject({ kind: 'retry', retryAfter: '3' })
})

describe('whether the endpoint may have accepted a request that failed', () => {
  // prettier-ignore
  test.each<[string, Answer, boolean]>([
    //  what happened              answer                               it may have
    [ 'server error',              status(500),                         true ],
    [ 'busy',                      status(503),                         true ],
    [ 'gateway timeout',           status(504),                         true ],
    [ 'connection reset',          noAnswer('ECONNRESET'),              true ],
    [ 'no answer in time',         noAnswer('UND_ERR_HEADERS_TIMEOUT'), true ],
    [ 'too slow an answer',        noAnswer('ATTEMPT_TIMEOUT'),         true ],
    [ 'an unknown error',          noAnswer('UND_ERR_ABORTED'),         true ],
    [ 'too many requests',         status(429),                         false ],
    [ 'bad request',               status(400),                         false ],
    [ 'connection refused',        noAnswer('ECONNREFUSED'),            false ],
    [ 'not connected in time',     noAnswer('UND_ERR_CONNECT_TIMEOUT'), false ],
    [ 'unknown host name',         noAnswer('ENOTFOUND'),               false ],
  ])('%s: %s', (_what, answer, isAnswerLost) => {
    expect('isAnswerLost' in classify(answer)).toBe(isAnswerLost)
  })
})

test.each([
  ['ECONNRESET', true],
  ['EPIPE', true],
  ['UND_ERR_SOCKET', true],
  ['ECONNREFUSED', false],
  ['UND_ERR_HEADERS_TIMEOUT', false],
])('%s can come from a stale socket: %s', (code, isConnectionCut) => {
  expect('isConnectionCut' in classify(noAnswer(code))).toBe(isConnectionCut)
})

test('the explanation names the status or the error code, and never the request', () => {
  expect(classify(status(400))).toMatchObject({ because: 'it answered 400' })
  expect(classify(status(429))).toMatchObject({ because: 'it is busy (429)' })
  expect(classify(noAnswer('ECONNREFUSED'))).toMatchObject({ because: 'it did not answer (ECONNREFUSED)' })
})
