import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Memory } from './memory.ts'
import { answerQuestion } from './questions.ts'
import { Recall } from './recall.ts'
import { openStore } from './store.ts'

export interface KissmetricsEmulatorOptions {
  /** Where what it got is kept; made where it is missing. */
  readonly dir: string
  /** 0 or left out: any that is free. */
  readonly port?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export interface KissmetricsEmulator {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** The smallest GIF that there is, as Kissmetrics sends it. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const GIF_HEADERS = { 'content-type': 'image/gif', 'content-length': GIF.length }

const TRACKING_PATHS = new Set(['/e', '/s', '/a'])
const MAX_FORM_BYTES = 1_048_576
/** Longer than any pause of a sender, which would otherwise meet a connection that is just being closed. */
const KEEP_ALIVE_MS = 65_000

/**
 * A stand-in for Kissmetrics, on this computer only: it answers 200 and a GIF to everything, right or wrong, keeps what Kissmetrics
 * would keep, and can be asked what that is. It knows one product, whatever the key.
 *
 * @throws Error with code EADDRINUSE where the port is taken; or where the folder cannot be written
 */
export async function startKissmetricsEmulator({
  dir,
  port = 0,
  now = Date.now,
}: KissmetricsEmulatorOptions): Promise<KissmetricsEmulator> {
  const db = openStore(dir)
  const memory = new Memory(db)
  const recall = new Recall(db)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(memory, recall, request, response, now)
  })
  try {
    await listen(server, port)
  } catch (error) {
    db.close()
    throw error
  }
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    stop: async () => {
      memory.commit() // and answer it, while there are connections
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      memory.commit()
      db.close()
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

function answer(memory: Memory, recall: Recall, request: IncomingMessage, response: ServerResponse, now: () => number): void {
  // A page of another site could otherwise have its own name lead here, and read what people did.
  if (!LOOPBACK_HOST.test(request.headers.host ?? '')) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('This is for 127.0.0.1 and localhost only.\n')
    return
  }
  const target = request.url ?? ''
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (!TRACKING_PATHS.has(path)) {
    answerQuestion(recall, request, path, new URLSearchParams(query), response)
    return
  }
  const take = (parameters: string): void => {
    memory.add({ at: now(), method: request.method ?? '', path, parameters }, (failure) => {
      if (failure === undefined) response.writeHead(200, GIF_HEADERS).end(GIF)
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('It could not be kept: is the disk full?\n')
    })
  }
  if (request.method !== 'POST') {
    take(query)
    return
  }
  readForm(request, (form) => {
    if (form === undefined)
      response.writeHead(413, { 'content-type': 'text/plain' }).end(`A form has at most ${MAX_FORM_BYTES} bytes.\n`)
    else take(query === '' ? form : `${query}&${form}`)
  })
}

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost)(:\d+)?$/i

/** @param whole told the form, or undefined where it is too long; not told where it breaks off, and then nobody waits for an answer */
function readForm(request: IncomingMessage, whole: (form: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_FORM_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    // Byte by byte, so that what is not ASCII is seen, and ignored as not URL-encoded.
    whole(bytes <= MAX_FORM_BYTES ? Buffer.concat(chunks).toString('latin1') : undefined)
  })
}
