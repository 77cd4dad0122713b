import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { seeded } from './seeded.ts'

/** What the sink does with one request. `taken` says whether it had counted the request by then, which its sender cannot know. */
export type Behaviour =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  | { readonly kind: 'slow'; readonly ms: number; readonly then: Behaviour }
  | { readonly kind: 'reset'; readonly taken: boolean }
  /** Never answers, and keeps the connection. */
  | { readonly kind: 'stall'; readonly taken: boolean }
  /** A head that comes byte by byte, and never ends. */
  | { readonly kind: 'endless-head'; readonly everyMs: number }
  /** A good head, and the GIF byte by byte. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** A good head, and then a body that breaks off, with a FIN or with a reset. */
  | { readonly kind: 'half'; readonly end: 'fin' | 'reset' }
  /** A good head, and far more than a GIF. */
  | { readonly kind: 'flood'; readonly bytes: number }
  | { readonly kind: 'garbage' }

export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly body: string
  /** From 1, of this very request. */
  readonly attempt: number
  /** Milliseconds since the sink started. */
  readonly atMs: number
  /** Whether a whole 200 went out. */
  readonly isAnswered: boolean
}

export interface ChaosSinkOptions {
  /** @default takes everything */
  readonly behave?: (request: SeenRequest) => Behaviour
}

export interface ChaosSink extends AsyncDisposable {
  readonly url: string
  /** Every request, in the order in which it came. */
  readonly seen: readonly SeenRequest[]
  /** How often each was counted, by what it carries: its target, and its form behind a `?`. */
  readonly taken: ReadonlyMap<string, number>
  /** What was answered with a whole 200. */
  readonly answered: ReadonlySet<string>
  readonly attempts: ReadonlyMap<string, number>
  /** The most that waited for an answer at once. */
  readonly mostInFlight: number
  /** All that were ever opened. */
  readonly connections: number
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

export const TAKEN: Behaviour = { kind: 'answer', status: 200 }

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return { kind: 'answer', status: code, headers }
}

/** @param retryAfter as it stands in the header: seconds, a date, or nonsense */
export function busy(retryAfter: string): Behaviour {
  return status(429, { 'retry-after': retryAfter })
}

export function redirectTo(url: string): Behaviour {
  return status(302, { location: url })
}

/** What the network of a hotel answers to everything. */
export const CAPTIVE_PORTAL: Behaviour = {
  kind: 'answer',
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Welcome! Please log in.</body></html>',
}

/**
 * Behaves by chance, but for the same seed always in the same way: chance hangs on what a request carries and on its attempt, and not
 * on the order in which requests happen to come.
 *
 * @param odds of each behaviour, from 0 to 1, together at most 1; what is left is taken
 */
export function byChance(
  seed: number,
  odds: readonly (readonly [odds: number, Behaviour])[],
): (request: SeenRequest) => Behaviour {
  return (request) => {
    let drawn = seeded(hash(`${seed} ${request.attempt} ${carries(request)}`))()
    for (const [share, behaviour] of odds) {
      if (drawn < share) return behaviour
      drawn -= share
    }
    return TAKEN
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value >>> 0
}

function carries({ target, body }: Pick<SeenRequest, 'target' | 'body'>): string {
  return body === '' ? target : `${target}?${body}`
}

/** Kissmetrics on its worst day: on loopback, doing to each request what the test says, and remembering all of them. */
export async function startChaosSink({ behave = () => TAKEN }: ChaosSinkOptions = {}): Promise<ChaosSink> {
  const witness = new Witness()
  const server = createServer((request, response) => {
    witness.begin(response)
    void bodyOf(request).then((body) => {
      const seen = witness.add(request, body)
      act(behave(seen), new Exchange(request.socket, response, witness, seen))
    })
  })
  server.on('connection', () => {
    witness.connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(witness, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}

type MutableSeen = { -readonly [Name in keyof SeenRequest]: SeenRequest[Name] }

/** What the sink saw, counted and answered. */
class Witness {
  readonly seen: SeenRequest[] = []
  readonly taken = new Map<string, number>()
  readonly answered = new Set<string>()
  readonly attempts = new Map<string, number>()
  mostInFlight = 0
  connections = 0
  #inFlight = 0
  readonly #startMs = performance.now()

  begin(response: ServerResponse): void {
    this.#inFlight += 1
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight)
    response.on('close', () => {
      this.#inFlight -= 1
    })
  }

  add({ method = '', url: target = '' }: IncomingMessage, body: string): MutableSeen {
    const attempt = plusOne(this.attempts, carries({ target, body }))
    const seen = { method, target, body, attempt, atMs: performance.now() - this.#startMs, isAnswered: false }
    this.seen.push(seen)
    return seen
  }
}

function plusOne(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}

/** One request and its connection, for a behaviour to do to it what it does. */
class Exchange {
  readonly socket: Socket
  readonly response: ServerResponse
  readonly #witness: Witness
  readonly #seen: MutableSeen

  constructor(socket: Socket, response: ServerResponse, witness: Witness, seen: MutableSeen) {
    this.socket = socket
    this.response = response
    this.#witness = witness
    this.#seen = seen
  }

  /** Counts the request, as Kissmetrics would. */
  take(): void {
    plusOne(this.#witness.taken, carries(this.#seen))
  }

  /** A head that promises a GIF, and a 200 as soon as all of it is out. */
  promise(bytes: number): void {
    this.take()
    this.response.on('finish', () => {
      this.#seen.isAnswered = true
      this.#witness.answered.add(carries(this.#seen))
    })
    this.response.writeHead(200, { 'content-type': 'image/gif', 'content-length': bytes })
  }

  /** Again and again, until it says that it is done or there is nobody left to talk to. */
  repeat(everyMs: number, step: () => boolean): void {
    const timer = setInterval(() => {
      if (!step()) clearInterval(timer)
    }, everyMs)
    this.socket.once('close', () => {
      clearInterval(timer)
    })
  }
}

function act(behaviour: Behaviour, exchange: Exchange): void {
  const { socket, response } = exchange
  switch (behaviour.kind) {
    case 'answer':
      answer(behaviour, exchange)
      return
    case 'slow':
      exchange.repeat(behaviour.ms, () => {
        act(behaviour.then, exchange)
        return false
      })
      return
    case 'reset':
      if (behaviour.taken) exchange.take()
      socket.resetAndDestroy()
      return
    case 'stall':
      if (behaviour.taken) exchange.take()
      return
    case 'endless-head':
      exchange.take()
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
      exchange.repeat(behaviour.everyMs, () => {
        socket.write('z')
        return true
      })
      return
    case 'drip':
      drip(behaviour.everyMs, exchange)
      return
    case 'half':
      exchange.take()
      response.writeHead(200, { 'content-type': 'image/gif', 'content-length': 1_000 })
      response.write(GIF, () => (behaviour.end === 'fin' ? socket.end() : socket.resetAndDestroy()))
      return
    case 'flood':
      flood(behaviour.bytes, exchange)
      return
    case 'garbage':
      socket.end('nothing that HTTP knows\r\n\r\n')
  }
}

function answer({ status, headers, body }: Extract<Behaviour, { kind: 'answer' }>, exchange: Exchange): void {
  if (status === 200 && body === undefined) {
    exchange.promise(GIF.length)
    exchange.response.end(GIF)
    return
  }
  exchange.response.writeHead(status, headers).end(body)
}

function drip(everyMs: number, exchange: Exchange): void {
  exchange.promise(GIF.length)
  let sent = 0
  exchange.repeat(everyMs, () => {
    sent += 1
    exchange.response.write(GIF.subarray(sent - 1, sent))
    if (sent === GIF.length) exchange.response.end()
    return sent < GIF.length
  })
}

function flood(bytes: number, exchange: Exchange): void {
  const { response } = exchange
  exchange.promise(bytes)
  const chunk = Buffer.alloc(65_536)
  let left = bytes
  const pour = (): void => {
    while (left > 0 && !response.destroyed) {
      const more = response.write(left < chunk.length ? chunk.subarray(0, left) : chunk)
      left -= Math.min(left, chunk.length)
      if (!more) return
    }
    response.end()
  }
  response.on('drain', pour)
  pour()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    // A client that goes away in the middle of its body has sent what it has sent.
  }
  return Buffer.concat(chunks).toString()
}
