import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { kissmetricsEndpoint } from '../../../lambda/adapters/endpoint.ts'
import type { HttpTimeouts } from '../../../lambda/adapters/http-pool.ts'
import type { Answer } from '../../../lambda/deliver/classify.ts'
import type { Request } from '../../../lambda/parse/request.ts'
import type { Endpoint } from '../../../lambda/ports.ts'
import { answerOf } from '../../support/promised-endpoint.ts'

const GET: Request = { method: 'GET', path: '/e?_k=K&_p=%2B33%201' }

const running: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop()
})

interface Peer {
  readonly url: URL
  readonly received: string[]
  connections: number
}

/** A server for raw bytes: it records what it receives, and the test decides what it sends. */
async function peer(onRequest: (socket: Socket) => void): Promise<Peer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    known.connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      known.received.push(chunk.toString('latin1'))
      onRequest(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const known: Peer = { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), received: [], connections: 0 }
  running.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return known
}

/** @param timeouts short only where the test waits for one: on a busy computer any other request may take as long */
function endpoint(url: URL, maxSockets = 4, timeouts: HttpTimeouts = {}): ReturnType<typeof kissmetricsEndpoint> {
  const opened = kissmetricsEndpoint(url, maxSockets, timeouts)
  running.push(() => opened.close())
  return opened
}

const GIF = 'HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: 3\r\n\r\nGIF'

function drip(socket: Socket, head: string): void {
  socket.write(head)
  const timer = setInterval(() => socket.write('x'), 50)
  socket.on('close', () => {
    clearInterval(timer)
  })
}

describe('the answer to one attempt', () => {
  // prettier-ignore
  test.each<[string, (socket: Socket) => void, Answer]>([
    //  the server                         does                                                                     the answer
    [ 'answers',                           (socket) => socket.write(GIF),                                           { kind: 'status', status: 200, contentType: 'image/gif' } ],
    [ 'answers without a body',            (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),             { kind: 'status', status: 204 } ],
    [ 'is busy, with Retry-After',         (socket) => socket.write('HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n'), { kind: 'status', status: 429, retryAfter: '7' } ],
    [ 'sends early hints, then answers',   (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${GIF}`),      { kind: 'status', status: 200, contentType: 'image/gif' } ],
    [ 'redirects',                         (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n'), { kind: 'status', status: 302 } ],
    [ 'breaks off in the body',            (socket) => { socket.write(GIF.slice(0, -1)); setImmediate(() => socket.resetAndDestroy()) }, { kind: 'status', status: 200, contentType: 'image/gif' } ],
    [ 'sends a body without end',          (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n${'x'.repeat(200_000)}`), { kind: 'status', status: 200 } ],
    [ 'closes without an answer',          (socket) => socket.end(),                                                { kind: 'no-answer', code: 'UND_ERR_SOCKET' } ],
    [ 'resets the connection',             (socket) => socket.resetAndDestroy(),                                    { kind: 'no-answer', code: 'ECONNRESET' } ],
    [ 'does not speak HTTP',               (socket) => socket.end('what?\r\n\r\n'),                                 { kind: 'no-answer', code: 'HTTPParserError' } ],
  ])('%s', async (_what, onRequest, answer) => {
    const { url } = await peer(onRequest)
    expect(await answerOf(endpoint(url), GET)).toEqual(answer)
  })

  // prettier-ignore
  test.each<[string, (socket: Socket) => void, HttpTimeouts, Answer]>([
    //  the server                 does                                                                             after these     the answer
    [ 'never answers',             () => undefined,                                                                 { headersMs: 300 },  { kind: 'no-answer', code: 'UND_ERR_HEADERS_TIMEOUT' } ],
    [ 'stalls in the body',        (socket) => socket.write(GIF.slice(0, -1)),                                      { bodyMs: 300 },     { kind: 'status', status: 200, contentType: 'image/gif' } ],
    [ 'drips its body forever',    (socket) => { drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n') }, { attemptMs: 2_000 }, { kind: 'status', status: 200 } ],
  ])('%s, until a timeout', async (_what, onRequest, timeouts, answer) => {
    const { url } = await peer(onRequest)
    expect(await answerOf(endpoint(url, 1, timeouts), GET)).toEqual(answer)
  })

  test('a response head that drips forever ends with the attempt timeout', async () => {
    const { url } = await peer((socket) => {
      drip(socket, 'HTTP/1.1 200 OK\r\nx-head: ')
    })
    expect((await answerOf(endpoint(url, 1, { attemptMs: 500 }), GET)).kind).toBe('no-answer')
  })

  test('a refused connection gives no answer', async () => {
    const { url } = await peer(() => undefined)
    for (const stop of running.splice(0)) await stop()
    expect(await answerOf(endpoint(url), GET)).toEqual({ kind: 'no-answer', code: 'ECONNREFUSED' })
  })

  test('an unknown host name gives no answer', async () => {
    const { kind, ...rest } = await answerOf(endpoint(new URL('http://no-such-host.invalid')), GET)
    expect(kind).toBe('no-answer')
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain('code' in rest ? rest.code : '')
  })

  test('a server without TLS gives no answer', async () => {
    const { url } = await peer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await answerOf(endpoint(new URL(`https://127.0.0.1:${url.port}`)), GET)).toMatchObject({
      kind: 'no-answer',
      code: expect.stringMatching(/^(ERR_SSL_|EPROTO)/) as unknown,
    })
  })
})

test('the request target is sent unchanged, and a form with its length', async () => {
  const known = await peer((socket) => socket.write(GIF))
  const opened = endpoint(known.url, 1)
  await answerOf(opened, GET)
  await answerOf(opened, { method: 'POST', path: '/s', body: '_k=K&_p=1' })
  expect(known.received[0]).toMatch(/^GET \/e\?_k=K&_p=%2B33%201 HTTP\/1\.1\r\n/)
  expect(known.received[1]).toMatch(/^POST \/s HTTP\/1\.1\r\n/)
  expect(known.received[1]).toContain('content-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n')
  expect(known.received.join('')).toContain('_k=K&_p=1')
})

test('connections are reused: 200 requests need four', async () => {
  const known = await peer((socket) => socket.write(GIF))
  const opened = endpoint(known.url, 4)
  for (let round = 0; round < 50; round += 1) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => answerOf(opened, GET)))
    expect(answers.every(({ kind }) => kind === 'status')).toBe(true)
  }
  expect(known.connections).toBe(4)
})

describe('a request that begins in the callback of an answer', () => {
  /** Sends `count` requests, each in the callback of the one before. @param atOnce how many the first callback begins */
  function chain(opened: Endpoint, count: number, atOnce = 1): Promise<readonly Answer[]> {
    const { promise, resolve } = Promise.withResolvers<readonly Answer[]>()
    const answers: Answer[] = []
    let begun = 0
    const begin = (): void => {
      begun += 1
      opened.send(GET, (answer) => {
        answers.push(answer)
        if (answers.length === count) resolve(answers)
        const next = answers.length === 1 ? atOnce : 1
        for (let sent = 0; sent < next && begun < count; sent += 1) begin()
      })
    }
    begin()
    return promise
  }

  // prettier-ignore
  test.each<[string, (socket: Socket) => void, number, number]>([
    //  the server                       does                                                                              begun at once   connections
    [ 'keeps its connections',           (socket) => socket.write(GIF),                                                    1,              1 ],
    [ 'keeps its connections',           (socket) => socket.write(GIF),                                                    3,              3 ],
    [ 'ends each connection',            (socket) => socket.end(GIF.replace('content-type', 'connection: close\r\ncontent-type')), 1,      20 ],
  ])('of a server that %s is answered (%#)', async (_what, onRequest, atOnce, connections) => {
    const known = await peer(onRequest)
    const answers = await chain(endpoint(known.url), 20, atOnce)
    expect(answers).toEqual(Array.from({ length: 20 }, () => ({ kind: 'status', status: 200, contentType: 'image/gif' })))
    expect(known.connections).toBe(connections)
  })

  test('goes over a new connection if the old one was cut', async () => {
    const known = await peer((socket) => {
      if (known.received.length % 2 === 0) socket.write(GIF)
      else socket.resetAndDestroy()
    })
    const answers = await chain(endpoint(known.url, 1), 6)
    expect(answers.map((answer) => ('code' in answer ? answer.code : answer.status))).toEqual(
      Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? 'ECONNRESET' : 200)),
    )
  })
})

test('answers on one connection differ, even if only a header does', async () => {
  const waits = ['7', '9', undefined]
  const known = await peer((socket) => {
    const wait = waits[known.received.length - 1]
    socket.write(`HTTP/1.1 429 X\r\n${wait === undefined ? '' : `Retry-After: ${wait}\r\n`}content-length: 0\r\n\r\n`)
  })
  const opened = endpoint(known.url, 1)
  const answers: Answer[] = []
  for (const _wait of waits) answers.push(await answerOf(opened, GET))
  expect(answers).toEqual([
    { kind: 'status', status: 429, retryAfter: '7' },
    { kind: 'status', status: 429, retryAfter: '9' },
    { kind: 'status', status: 429 },
  ])
})

test('requests beyond the connections wait, in order, and are answered when they are closed', async () => {
  const sockets: Socket[] = []
  const known = await peer((socket) => sockets.push(socket))
  const opened = endpoint(known.url, 2)
  const answered: string[] = []
  const all = ['a', 'b', 'c', 'd'].map((name) =>
    answerOf(opened, { method: 'GET', path: `/${name}` }).then(({ kind }) => answered.push(`${name} ${kind}`)),
  )
  while (known.received.length < 2) await new Promise(setImmediate)
  sockets[0]?.write(GIF)
  while (known.received.length < 3) await new Promise(setImmediate)
  expect(known.received[2]).toMatch(/^GET \/c /)
  expect(known.connections).toBe(2)
  await opened.close()
  await Promise.all(all)
  expect(answered.toSorted()).toEqual(['a status', 'b no-answer', 'c no-answer', 'd no-answer'])
  expect(await answerOf(opened, GET)).toEqual({ kind: 'no-answer', code: 'CLOSED' })
})

test('a request that cannot be sent is answered after send has returned', async () => {
  const opened = endpoint((await peer(() => undefined)).url)
  const events: string[] = []
  const answered = new Promise<void>((resolve) => {
    opened.send({ method: 'GET', path: '/a b' }, ({ kind }) => {
      events.push(kind)
      resolve()
    })
  })
  events.push('sent')
  await answered
  expect(events).toEqual(['sent', 'no-answer'])
})
