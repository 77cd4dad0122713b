/** A failing Kissmetrics endpoint for a run. It logs every request that it accepts, and is never killed. argv: SinkPlan as JSON. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seeded } from '../../support/seeded.ts'
import { onParentMessage, sendToParent } from './child.ts'
import type { AcceptedRequest } from './evidence.ts'
import type { FromSink } from './ipc-messages.ts'

export interface SinkPlan {
  readonly seed: number
  readonly log: string
  /** Identities that contain this are always refused. */
  readonly refused: string
  /** An outage starts after this many requests. */
  readonly outageAfter: number
  readonly outageMs: number
}

type Fault = 'error' | 'busy' | 'reset' | 'reset after accepting' | 'half' | 'stall'

/** In thousandths of all requests. */
const FAULTS: readonly (readonly [Fault, number])[] = [
  ['error', 15],
  ['busy', 10],
  ['reset', 10],
  ['reset after accepting', 10],
  ['half', 5],
  ['stall', 5],
]
const STALL_MS = 400
const REPORT_EVERY_MS = 20
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const GIF_HEADERS = { 'content-type': 'image/gif', 'content-length': GIF.length }

class Sink {
  readonly #plan: SinkPlan
  readonly #log
  /** How many faults each request has had; a missing request had none. */
  readonly #faults = new Map<string, number>()
  #requests = 0
  #accepted = 0
  #outageUntil = 0

  constructor(plan: SinkPlan) {
    this.#plan = plan
    this.#log = createWriteStream(plan.log)
  }

  get accepted(): number {
    return this.#accepted
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    if (body === undefined) return // the client closed the connection within its request
    const { method = '', url: target = '' } = request
    const text = `${target} ${body}`
    const fault = this.#isOut() ? 'reset' : this.#faultFor(text)
    const accept = (isAmbiguous: boolean): void => {
      this.#accepted += 1
      const accepted: AcceptedRequest = { method, target, body, isAmbiguous }
      this.#log.write(`${JSON.stringify(accepted)}\n`)
    }
    if (text.includes(this.#plan.refused) && fault !== 'reset') response.writeHead(413).end()
    else act(fault, request, response, accept)
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

  /** Depends only on the request and its earlier faults, because the order of requests differs from run to run. */
  #faultFor(text: string): Fault | undefined {
    const earlier = this.#faults.get(text) ?? 0
    let thousandths = seeded(hash(text, this.#plan.seed + earlier))() * 1000
    for (const [fault, share] of FAULTS) {
      thousandths -= share
      if (thousandths >= 0) continue
      this.#faults.set(text, earlier + 1)
      return fault
    }
    return undefined
  }
}

function act(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  accept: (isAmbiguous: boolean) => void,
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
    case 'reset after accepting':
      accept(true)
      request.socket.resetAndDestroy()
      return
    case 'half':
      accept(true)
      response.writeHead(200, { 'content-type': 'image/gif', 'content-length': 1000 })
      response.write(GIF, () => request.socket.resetAndDestroy())
      return
    case 'stall':
      accept(false)
      setTimeout(() => response.writeHead(200, GIF_HEADERS).end(GIF), STALL_MS)
      return
    case undefined:
      accept(false)
      response.writeHead(200, GIF_HEADERS).end(GIF)
  }
}

/** @returns undefined if the body is incomplete */
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
onParentMessage(() => {
  void sink.flush().then(() => {
    sendToParent({ kind: 'flushed' } satisfies FromSink)
  })
})
let reported = 0
setInterval(() => {
  if (reported !== sink.accepted) sendToParent({ kind: 'accepted', count: (reported = sink.accepted) } satisfies FromSink)
}, REPORT_EVERY_MS)
sendToParent({ kind: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies FromSink)
