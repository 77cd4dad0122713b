import { describe, expect, test } from '@jest/globals'
import { blameFor } from '../../../lambda/deliver/blame.ts'
import { classify, type Answer } from '../../../lambda/deliver/classify.ts'

const status = (code: number, contentType?: string): Answer => ({
  kind: 'status',
  status: code,
  ...(contentType !== undefined && { contentType }),
})
const silence = (code: string): Answer => ({ kind: 'silence', code })

// prettier-ignore
test.each<[string, Answer, string]>([
  //  the endpoint                             answers                             and that means
  [ 'took it',                                 status(200, 'image/gif'),           'delivered' ],
  [ 'took it, without a word',                 status(204),                        'delivered' ],
  [ 'is a web page',                           status(200, 'text/html; charset=x'), 'misconfigured' ],
  [ 'is busy',                                 status(429),                        'again endpoint' ],
  [ 'is not available',                        status(503),                        'again endpoint' ],
  [ 'has a fault',                             status(500),                        'again line' ],
  [ 'stands behind a broken gateway',          status(502),                        'again line' ],
  [ 'waited too long for us',                  status(408),                        'again line' ],
  [ 'does not like the request',               status(400),                        'again line' ],
  [ 'says that it is gone',                    status(410),                        'again line' ],
  [ 'finds the address long',                  status(414),                        'undeliverable' ],
  [ 'finds the body long',                     status(413),                        'undeliverable' ],
  [ 'does not know the key',                   status(401),                        'misconfigured' ],
  [ 'does not let us in',                      status(403),                        'misconfigured' ],
  [ 'is not there',                            status(404),                        'misconfigured' ],
  [ 'has moved for good',                      status(301),                        'misconfigured' ],
  [ 'has moved for now',                       status(307),                        'misconfigured' ],
  [ 'cut the connection',                      silence('ECONNRESET'),              'again line' ],
  [ 'did not answer in time',                  silence('UND_ERR_HEADERS_TIMEOUT'), 'again line' ],
  [ 'is not listening',                        silence('ECONNREFUSED'),            'again line' ],
  [ 'has an old certificate',                  silence('CERT_HAS_EXPIRED'),        'misconfigured' ],
  [ 'has the certificate of another',          silence('ERR_TLS_CERT_ALTNAME_INVALID'), 'misconfigured' ],
  [ 'speaks no TLS',                           silence('EPROTO'),                  'misconfigured' ],
  [ 'has no such name',                        silence('ENOTFOUND'),               'unresolved' ],
  [ 'cannot be looked up now',                 silence('EAI_AGAIN'),               'unresolved' ],
])('an endpoint that %s', (_what, answer, means) => {
  const answerClass = classify(answer)
  expect(answerClass.kind === 'again' ? `again ${answerClass.blame}` : answerClass.kind).toBe(means)
})

describe('whose fault it is that a line failed at every try', () => {
  const answers = (taken: number, failed: number) => ({ taken, failed })
  // prettier-ignore
  test.each([
    //  what happened                               after its 9th     after its 10th    blame
    [ 'others pass',                                answers(900, 9),    answers(1000, 10),  'line' ],
    [ 'nobody else is tried',                       answers(12, 9),     answers(12, 10),    undefined ],
    [ 'others fail as well',                        answers(0, 500),    answers(0, 560),    'endpoint' ],
    [ 'the outage began after many had passed',     answers(5000, 300), answers(5000, 360), 'endpoint' ],
    [ 'half pass, half fail',                       answers(50, 50),    answers(60, 61),    'endpoint' ],
    [ 'most pass, few fail',                        answers(50, 50),    answers(70, 60),    'line' ],
  ])('%s', (_what, recent, now, blame) => {
    expect(blameFor({ recent, now })).toBe(blame)
  })
})
