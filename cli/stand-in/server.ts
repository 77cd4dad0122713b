import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Memory } from './memory.ts'
import { understand } from './understand.ts'

export interface StandInOptions {
  /** Where what it got is kept; made where it is missing. */
  readonly dir: string
  /** 0 or left out: any that is free. */
  readonly port?: number
}

export interface StandIn {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** The smallest GIF that there is, as Kissmetrics sends it. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const GIF_HEADERS = { 'content-type': 'image/gif', 'content-length': GIF.length }

const TRACKING_PATHS = new Set(['/e', '/s', '/a'])
const MAX_FORM_BYTES = 1_048_576

const HELP = `This is a stand-in for Kissmetrics. It keeps what it is sent and drops repeats, as Kissmetrics does. Ask it:

  GET /summary                      how much came, by command, and what was ignored
  GET /events?name=N&person=P       events, the newest first (limit=50)
  GET /people/IDENTITY              one person: events, properties, aliases
`

/**
 * A stand-in for Kissmetrics, on this computer only: it answers 200 and a GIF to everything, right or wrong, keeps what Kissmetrics
 * would keep, and can be asked what that is.
 *
 * @throws Error with code EADDRINUSE where the port is taken
 */
export async function startStandIn({ dir, port = 0 }: StandInOptions): Promise<StandIn> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const memory = new Memory(dir)
  server.on('request', (request, response) => {
    void answer(memory, request, response)
  })
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      memory.close()
    },
  }
}

async function answer(memory: Memory, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A page of another site could otherwise have its own name lead here, and read what people did.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) {
    response.writeHead(403).end('Only for this computer.\n')
    return
  }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  if (!TRACKING_PATHS.has(path)) {
    answerQuestion(memory, path, new URLSearchParams(query), response)
    return
  }
  const parameters = request.method === 'POST' ? await formOf(request) : query
  memory.add(understand(path, parameters, Math.floor(Date.now() / 1000)), () => response.writeHead(200, GIF_HEADERS).end(GIF))
}

function answerQuestion(memory: Memory, path: string, query: URLSearchParams, response: ServerResponse): void {
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(HELP)
    return
  }
  const found = ask(memory, path, query)
  const body = `${JSON.stringify(found ?? { error: 'There is nothing here. GET / tells what there is.' }, null, 2)}\n`
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' }).end(body)
}

function ask(memory: Memory, path: string, query: URLSearchParams): unknown {
  if (path === '/summary') return memory.summary()
  if (path === '/events') {
    const limit = Number(query.get('limit') ?? 50)
    return memory.events(query.get('name') ?? undefined, query.get('person') ?? undefined, Number.isInteger(limit) && limit > 0 ? limit : 50)
  }
  const person = /^\/people\/(.+)$/.exec(path)?.[1]
  return person === undefined || !isEncoded(person) ? undefined : memory.person(decodeURIComponent(person))
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

async function formOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_FORM_BYTES) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
