import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the sink does with one request. */
export type Behaviour =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Breaks the connection; `taken` says whether it had counted the request by then. */
  | { readonly kind: 'reset'; readonly taken: boolean }
  /** Never answers. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** A whole head, and then a body that breaks off. */
  | { readonly kind: 'half' }
  | { readonly kind: 'garbage' }

export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly body: string
  /** From 1, of this very request. */
  readonly attempt: number
}

export interface FaultSink extends AsyncDisposable {
  readonly url: string
  /** Every request, in the order in which it came. */
  readonly seen: readonly SeenRequest[]
  /** Requests that were counted, by what they carry; how often each. */
  readonly taken: ReadonlyMap<string, number>
  /** The most that waited for an answer at once. */
  readonly mostInFlight: number
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

export const TAKEN: Behaviour = { kind: 'answer', status: 200 }

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return { kind: 'answer', status: code, headers }
}

/** Kissmetrics as it is on a bad day: on loopback, doing to each request what the test says, and remembering all of them. */
export async function startFaultSink(behave: (request: SeenRequest) => Behaviour = () => TAKEN): Promise<FaultSink> {
  const seen: SeenRequest[] = []
  const taken = new Map<string, number>()
  const attempts = new Map<string, number>()
  let inFlight = 0
  let mostInFlight = 0
  const server = createServer((request, response) => {
    inFlight += 1
    mostInFlight = Math.max(mostInFlight, inFlight)
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
    get mostInFlight() {
      return mostInFlight
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function act(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse, take: () => void): void {
  switch (behaviour.kind) {
    case 'answer': {
      const isTaken = behaviour.status === 200
      if (isTaken) take()
      response.writeHead(behaviour.status, { ...(isTaken && { 'content-type': 'image/gif' }), ...behaviour.headers })
      response.end(behaviour.body ?? (isTaken ? GIF : ''))
      return
    }
    case 'reset':
      if (behaviour.taken) take()
      request.socket.resetAndDestroy()
      return
    case 'stall':
      return
    case 'slow':
      setTimeout(() => {
        take()
        response.writeHead(200, { 'content-type': 'image/gif' }).end(GIF)
      }, behaviour.ms)
      return
    case 'half':
      take()
      response.writeHead(200, { 'content-type': 'image/gif', 'content-length': 1_000 })
      response.write(GIF, () => request.socket.resetAndDestroy())
      return
    case 'garbage':
      request.socket.end('nothing that HTTP knows\r\n\r\n')
  }
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
