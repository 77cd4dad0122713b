/** Kissmetrics on a bad day, for a run. It writes down every request that it took. Never killed. argv: its plan, as JSON. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seeded } from '../../support/seeded.ts'
import { listen, tell } from './child.ts'
import type { TakenRequest } from './evidence.ts'
import type { FromSink } from './messages.ts'

export interface SinkPlan {
  readonly seed: number
  readonly log: string
  /** Whoever has this in his identity is not taken, and never will be. */
  readonly unwelcome: string
  /** After so many requests nothing works for a while. */
  readonly outageAfter: number
  readonly outageMs: number
}

type Fault = 'error' | 'busy' | 'reset' | 'reset when taken' | 'half' | 'stall'

/** In thousandths of all requests. */
const FAULTS: readonly (readonly [Fault, number])[] = [
  ['error', 15],
  ['busy', 10],
  ['reset', 10],
  ['reset when taken', 10],
  ['half', 5],
  ['stall', 5],
]
const STALL_MS = 400
const TELL_EVERY_MS = 20
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const GIF_HEADERS = { 'content-type': 'image/gif', 'content-length': GIF.length }

class Sink {
  readonly #plan: SinkPlan
  readonly #log
  /** Faults that a request has met so far; whoever is not there has met none. */
  readonly #met = new Map<string, number>()
  #requests = 0
  #taken = 0
  #outageUntil = 0

  constructor(plan: SinkPlan) {
    this.#plan = plan
    this.#log = createWriteStream(plan.log)
  }

  get taken(): number {
    return this.#taken
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    if (body === undefined) return // it went away in the middle of its request
    const { method = '', url: target = '' } = request
    const text = `${target} ${body}`
    const fault = this.#isOut() ? 'reset' : this.#faultFor(text)
    const take = (isAmbiguous: boolean): void => {
      this.#taken += 1
      const taken: TakenRequest = { method, target, body, isAmbiguous }
      this.#log.write(`${JSON.stringify(taken)}\n`)
    }
    if (text.includes(this.#plan.unwelcome) && fault !== 'reset') response.writeHead(413).end()
    else act(fault, request, response, take)
  }

  async flush(): Promise<void> {
    this.#log.end()
    await once(this.#log, 'close')
  }

  #isOut(): boolean {
    this.#requests += 1
    const now = performance.now()
    if (this.#requests === this.#plan.outageAfter) this.#outageUntil = now + this.#plan.outageMs
    return now < this.#outageUntil
  }

  /** A matter of the request and of how often it was met, and of nothing else: the order in which requests come is nobody's to repeat. */
  #faultFor(text: string): Fault | undefined {
    const met = this.#met.get(text) ?? 0
    let thousandths = seeded(hash(text, this.#plan.seed + met))() * 1000
    for (const [fault, share] of FAULTS) {
      thousandths -= share
      if (thousandths >= 0) continue
      this.#met.set(text, met + 1)
      return fault
    }
    return undefined
  }
}

function act(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  take: (isAmbiguous: boolean) => void,
): void {
  switch (fault) {
    case 'error':
      response.writeHead(500).end()
      return
    case 'busy':
      response.writeHead(request.url?.length === undefined || request.url.length % 2 === 0 ? 503 : 429).end()
      return
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'reset when taken':
      take(true)
      request.socket.resetAndDestroy()
      return
    case 'half':
      take(true)
      response.writeHead(200, { 'content-type': 'image/gif', 'content-length': 1000 })
      response.write(GIF, () => request.socket.resetAndDestroy())
      return
    case 'stall':
      take(false)
      setTimeout(() => response.writeHead(200, GIF_HEADERS).end(GIF), STALL_MS)
      return
    case undefined:
      take(false)
      response.writeHead(200, GIF_HEADERS).end(GIF)
  }
}

/** @returns undefined where it did not come whole */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  if (request.method === 'GET') {
    request.resume()
    return ''
  }
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString()
}

/** FNV-1a. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}

const sink = new Sink(JSON.parse(process.argv[2] ?? '{}') as SinkPlan)
const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  void sink.serve(request, response)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
listen(() => {
  void sink.flush().then(() => {
    tell({ kind: 'flushed' } satisfies FromSink)
  })
})
let told = 0
setInterval(() => {
  if (told !== sink.taken) tell({ kind: 'taken', count: (told = sink.taken) } satisfies FromSink)
}, TELL_EVERY_MS)
tell({ kind: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies FromSink)
