import { connect } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { endpointAt } from '../../lambda/adapters/endpoint.ts'
import {
  busy,
  byChance,
  CAPTIVE_PORTAL,
  redirectTo,
  startChaosSink,
  status,
  TAKEN,
  type Behaviour,
  type SeenRequest,
} from '../support/chaos-sink.ts'

const SHORT = { headersMs: 300, bodyMs: 300, attemptMs: 600 }
const GIF = { kind: 'status', status: 200, contentType: 'image/gif' }
const silence = (code: string) => ({ kind: 'silence', code: expect.stringMatching(code) as unknown })

describe('each behaviour, as the importer meets it, and what the sink remembers of it', () => {
  // prettier-ignore
  test.each<[string, Behaviour, unknown, boolean, boolean]>([
    //  the sink                        behaviour                                    the importer sees                                                                 taken   answered
    [ 'takes it',                       TAKEN,                                       GIF,                                                                              true,   true ],
    [ 'takes it, late',                 { kind: 'slow', ms: 20, then: TAKEN },       GIF,                                                                              true,   true ],
    [ 'fails',                          status(500),                                 { kind: 'status', status: 500 },                                                  false,  false ],
    [ 'is behind a broken gateway',     status(502),                                 { kind: 'status', status: 502 },                                                  false,  false ],
    [ 'is down, for some seconds',      status(503, { 'retry-after': '7' }),         { kind: 'status', status: 503, retryAfter: '7' },                                 false,  false ],
    [ 'is busy, until a date',          busy('Wed, 21 Oct 2026 07:28:00 GMT'),       { kind: 'status', status: 429, retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' },     false,  false ],
    [ 'is busy, for 99 years',          busy('3124137600'),                          { kind: 'status', status: 429, retryAfter: '3124137600' },                        false,  false ],
    [ 'does not know the key',          status(401),                                 { kind: 'status', status: 401 },                                                  false,  false ],
    [ 'finds the target long',          status(414),                                 { kind: 'status', status: 414 },                                                  false,  false ],
    [ 'is a captive portal',            CAPTIVE_PORTAL,                              { kind: 'status', status: 200, contentType: 'text/html' },                        false,  false ],
    [ 'resets before it counts',        { kind: 'reset', taken: false },             silence('ECONNRESET|UND_ERR_SOCKET'),                                             false,  false ],
    [ 'resets after it has counted',    { kind: 'reset', taken: true },              silence('ECONNRESET|UND_ERR_SOCKET'),                                             true,   false ],
    [ 'never answers',                  { kind: 'stall', taken: false },             silence('UND_ERR_HEADERS_TIMEOUT|ATTEMPT_TIMEOUT'),                               false,  false ],
    [ 'counts, and never answers',      { kind: 'stall', taken: true },              silence('UND_ERR_HEADERS_TIMEOUT|ATTEMPT_TIMEOUT'),                               true,   false ],
    [ 'sends a head without end',       { kind: 'endless-head', everyMs: 5 },        silence('UND_ERR_HEADERS_TIMEOUT|ATTEMPT_TIMEOUT|UND_ERR_HEADERS_OVERFLOW'),      true,   false ],
    [ 'drips its GIF',                  { kind: 'drip', everyMs: 2 },                GIF,                                                                              true,   true ],
    [ 'hangs up within its GIF',        { kind: 'half', end: 'fin' },                GIF,                                                                              true,   false ],
    [ 'resets within its GIF',          { kind: 'half', end: 'reset' },              GIF,                                                                              true,   false ],
    [ 'sends 100 MB',                   { kind: 'flood', bytes: 100_000_000 },       GIF,                                                                              true,   false ],
    [ 'speaks no HTTP',                 { kind: 'garbage' },                         silence('HPE_'),                                                                  false,  false ],
  ])('a sink that %s', async (_what, behaviour, seenByImporter, isTaken, isAnswered) => {
    await using sink = await startChaosSink({ behave: () => behaviour })
    const endpoint = endpointAt(new URL(sink.url), 1, SHORT)
    const path = '/e?_k=K&_p=1'
    expect(await endpoint.send({ method: 'GET', path })).toEqual(seenByImporter)
    await endpoint.close()
    expect(sink.seen).toMatchObject([{ method: 'GET', target: path, body: '', attempt: 1, isAnswered }])
    expect([...sink.taken]).toEqual(isTaken ? [[path, 1]] : [])
    expect([...sink.answered]).toEqual(isAnswered ? [path] : [])
  })
})

test('where it leads to another server, nobody follows', async () => {
  await using other = await startChaosSink()
  await using sink = await startChaosSink({ behave: () => redirectTo(other.url) })
  const endpoint = endpointAt(new URL(sink.url), 1, SHORT)
  expect(await endpoint.send({ method: 'GET', path: '/e?_k=K' })).toEqual({ kind: 'status', status: 302 })
  await endpoint.close()
  expect(other.seen).toEqual([])
})

test('it knows each request whole, how often it came, and can change its mind', async () => {
  await using sink = await startChaosSink({ behave: ({ attempt }) => (attempt < 3 ? status(503) : TAKEN) })
  const endpoint = endpointAt(new URL(sink.url), 1, SHORT)
  const form = { method: 'POST', path: '/s', body: '_k=K&_p=1&x=%C3%A9' } as const
  const get = { method: 'GET', path: '/e?_k=K&_p=1' } as const
  const answers = []
  for (const request of [form, get, form, form]) answers.push((await endpoint.send(request)) as { status: number })
  await endpoint.close()
  expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503, 200])
  expect(sink.seen.map(({ method, target, body, attempt }) => [method, target, body, attempt])).toEqual([
    ['POST', '/s', form.body, 1],
    ['GET', get.path, '', 1],
    ['POST', '/s', form.body, 2],
    ['POST', '/s', form.body, 3],
  ])
  expect([...sink.attempts]).toEqual([
    [`/s?${form.body}`, 3],
    [get.path, 1],
  ])
  expect([...sink.answered]).toEqual([`/s?${form.body}`])
  expect(sink.connections).toBe(1)
})

test('it knows the most that waited at once', async () => {
  await using sink = await startChaosSink({ behave: () => ({ kind: 'stall', taken: false }) })
  const sockets = [1, 2, 3].map((number) =>
    connect(Number(new URL(sink.url).port), '127.0.0.1').end(`GET /${number} HTTP/1.1\r\nhost: x\r\n\r\n`),
  )
  while (sink.mostInFlight < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  for (const socket of sockets) socket.destroy()
  expect(sink.mostInFlight).toBe(3)
})

describe('chance that can be repeated', () => {
  const request = (target: string, attempt: number): SeenRequest => ({
    method: 'GET',
    target,
    body: '',
    attempt,
    atMs: 0,
    isAnswered: false,
  })
  const odds = [
    [0.2, status(500)],
    [0.1, { kind: 'reset', taken: true }],
  ] as const

  test('each behaviour comes as often as it should, whatever the seed', () => {
    for (const seed of [1, 2, 3]) {
      const behave = byChance(seed, odds)
      const drawn = Array.from({ length: 10_000 }, (_, number) => behave(request(`/e?_p=${number}`, 1)).kind)
      const share = (kind: string): number => drawn.filter((other) => other === kind).length / drawn.length
      expect(Math.abs(share('reset') - 0.1)).toBeLessThan(0.02)
      expect(Math.abs(share('answer') - 0.9)).toBeLessThan(0.02)
    }
  })

  test('the same request and attempt meet the same, in whatever order they come; another seed is another day', () => {
    const targets = fc.uniqueArray(fc.webPath(), { minLength: 20, maxLength: 40 })
    fc.assert(
      fc.property(fc.integer(), targets, (seed, targets) => {
        const meet = (targets: readonly string[]): Map<string, Behaviour> => {
          const behave = byChance(seed, odds)
          return new Map(targets.map((target) => [target, behave(request(target, 1))]))
        }
        const [forth, back] = [meet(targets), meet(targets.toReversed())]
        for (const target of targets) expect(back.get(target)).toBe(forth.get(target))
      }),
    )
    const kinds = (seed: number, attempt: number): string =>
      Array.from({ length: 100 }, (_, number) => JSON.stringify(byChance(seed, odds)(request(`/${number}`, attempt)))).join()
    expect(kinds(1, 1)).not.toBe(kinds(2, 1))
    expect(kinds(1, 1)).not.toBe(kinds(1, 2))
  })
})
