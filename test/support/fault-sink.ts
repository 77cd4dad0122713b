import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the endpoint does with one request. */
export type Behaviour =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Breaks the connection, after accepting the request if `taken`. */
  | { readonly kind: 'reset'; readonly taken: boolean }
  /** Never answers. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** Accepts the request and answers it when the promise resolves. */
  | { readonly kind: 'held'; readonly until: Promise<unknown> }
  /** Complete headers, and then a body that breaks off. */
  | { readonly kind: 'half' }
  | { readonly kind: 'garbage' }

export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly body: string
  /** The first attempt of a request is 1. */
  readonly attempt: number
}

export interface FaultSink extends AsyncDisposable {
  readonly url: string
  /** Every request, in order of arrival. */
  readonly seen: readonly SeenRequest[]
  /** Accepted requests by path, query and body, with how often each was accepted. */
  readonly taken: ReadonlyMap<string, number>
  /** The highest number of requests in flight. */
  readonly maxInFlight: number
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

export const TAKEN: Behaviour = { kind: 'answer', status: 200 }

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return { kind: 'answer', status: code, headers }
}

/** A Kissmetrics endpoint on loopback. The test decides what it does with each request, and it records all of them. */
export async function startFaultSink(behave: (request: SeenRequest) => Behaviour = () => TAKEN): Promise<FaultSink> {
  const seen: SeenRequest[] = []
  const taken = new Map<string, number>()
  const attempts = new Map<string, number>()
  let inFlight = 0
  let maxInFlight = 0
  const server = createServer((request, response) => {
    inFlight += 1
    maxInFlight = Math.max(maxInFlight, inFlight)
    response.on('close', () => {
      inFlight -= 1
    })
    void bodyOf(request).then((body) => {
      const target = request.url ?? ''
      const id = body === '' ? target : `${target}?${body}`
      const attempt = (attempts.get(id) ?? 0) + 1
      attempts.set(id, attempt)
      const seenRequest = { method: request.method ?? '', target, body, attempt }
      seen.push(seenRequest)
      act(behave(seenRequest), request, response, () => taken.set(id, (taken.get(id) ?? 0) + 1))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    taken,
    get maxInFlight() {
      return maxInFlight
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function act(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse, accept: () => void): void {
  switch (behaviour.kind) {
    case 'answer': {
      const isAccepted = behaviour.status === 200
      if (isAccepted) accept()
      response.writeHead(behaviour.status, { ...(isAccepted && { 'content-type': 'image/gif' }), ...behaviour.headers })
      response.end(behaviour.body ?? (isAccepted ? GIF : ''))
      return
    }
    case 'reset':
      if (behaviour.taken) accept()
      request.socket.resetAndDestroy()
      return
    case 'stall':
      return
    case 'slow':
      setTimeout(() => {
        accept()
        response.writeHead(200, { 'content-type': 'image/gif' }).end(GIF)
      }, behaviour.ms)
      return
    case 'held':
      void behaviour.until.then(() => {
        if (response.destroyed) return
        accept()
        response.writeHead(200, { 'content-type': 'image/gif' }).end(GIF)
      })
      return
    case 'half':
      accept()
      response.writeHead(200, { 'content-type': 'image/gif', 'content-length': 1_000 })
      response.write(GIF, () => request.socket.resetAndDestroy())
      return
    case 'garbage':
      request.socket.end('not HTTP\r\n\r\n')
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    // The client closed the connection within the body. What arrived is enough.
  }
  return Buffer.concat(chunks).toString()
}
