import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusalOf } from '../local-only.ts'
import { isEqual } from '../signature.ts'
import { RequestRecorder } from './recorder.ts'
import { answerQuery } from './query-api.ts'
import { Queries } from './queries.ts'
import { openStore } from './store.ts'

export interface KissmetricsEmulatorOptions {
  /** Folder of the state; created if missing. */
  readonly dir: string
  /** @default any free port */
  readonly port?: number
  /** The only API key that is accepted, as `_k` of every request. @default any, and queries without a key */
  readonly apiKey?: string
  /** Clock in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

export interface KissmetricsEmulator {
  readonly url: string
  /** Address of the queries, with the API key: a browser can open it. */
  readonly queryUrl: string
  readonly port: number
  stop(): Promise<void>
}

/** The 1×1 GIF that Kissmetrics answers with. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const GIF_HEADERS = { 'content-type': 'image/gif', 'content-length': GIF.length }

const TRACKING_PATHS = new Set(['/e', '/s', '/a'])
const MAX_FORM_BYTES = 1_048_576
/** Longer than any pause of a sender: otherwise a sender could reuse a connection at the moment when the server closes it. */
const KEEP_ALIVE_MS = 65_000

/**
 * Starts the Kissmetrics emulator: it answers 200 and a GIF to everything, valid or not, stores what Kissmetrics would store, and shows it
 * through a query API. It has one product, whatever the key.
 *
 * @throws Error if the port is in use (code EADDRINUSE), or the folder is not writable
 */
export async function startKissmetricsEmulator({
  dir,
  port = 0,
  apiKey,
  now = Date.now,
}: KissmetricsEmulatorOptions): Promise<KissmetricsEmulator> {
  const db = openStore(dir)
  const recorder = new RequestRecorder(db)
  const queries = new Queries(db)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer({ recorder, queries, apiKey, now }, request, response)
  })
  try {
    await listen(server, port)
  } catch (error) {
    db.close()
    throw error
  }
  const address = server.address() as AddressInfo
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    queryUrl: apiKey === undefined ? url : `${url}/?_k=${apiKey}`,
    port: address.port,
    stop: async () => {
      recorder.commit() // answers the pending requests while their connections are open
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      recorder.commit()
      db.close()
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

interface Emulator {
  readonly recorder: RequestRecorder
  readonly queries: Queries
  readonly apiKey: string | undefined
  readonly now: () => number
}

function answer({ recorder, queries, apiKey, now }: Emulator, request: IncomingMessage, response: ServerResponse): void {
  const target = request.url ?? ''
  const queryStart = target.indexOf('?')
  const path = queryStart === -1 ? target : target.slice(0, queryStart)
  const query = queryStart === -1 ? '' : target.slice(queryStart + 1)
  const isAllowed = (parameters: string): boolean =>
    apiKey === undefined || isEqual(new URLSearchParams(parameters).get('_k') ?? '', apiKey)
  const refusal = isNavigation(request) ? refusalOf({ host: request.headers.host }) : refusalOf(request.headers)
  if (refusal !== undefined) {
    refuse(response, refusal)
    return
  }
  if (!TRACKING_PATHS.has(path)) {
    if (isAllowed(query)) answerQuery(queries, request, path, new URLSearchParams(query), response)
    else refuse(response, NO_KEY)
    return
  }
  const record = (parameters: string): void => {
    if (!isAllowed(parameters)) {
      refuse(response, NO_KEY)
      return
    }
    recorder.add({ at: now(), method: request.method ?? '', path, parameters }, (failure) => {
      if (failure === undefined) response.writeHead(200, GIF_HEADERS).end(GIF)
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('The request could not be stored: is the disk full?\n')
    })
  }
  if (request.method !== 'POST') {
    record(query)
    return
  }
  readForm(request, (form) => {
    if (form === undefined)
      response.writeHead(413, { 'content-type': 'text/plain' }).end(`The form is longer than ${MAX_FORM_BYTES} bytes.\n`)
    else record(query === '' ? form : `${query}&${form}`)
  })
}

/** A link that the user follows, like the one in the console. A page cannot read the answer. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

const NO_KEY = 'The API key (_k) is not the one of this emulator. Its complete address contains the key.'

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(403, { 'content-type': 'text/plain' }).end(`${why}\n`)
}

/** @param onForm called with the form, or undefined if it is too long; not called if the connection breaks */
function readForm(request: IncomingMessage, onForm: (form: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_FORM_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    // latin1 keeps every byte, so that a form with bytes outside ASCII is found and ignored as not URL-encoded.
    onForm(bytes <= MAX_FORM_BYTES ? Buffer.concat(chunks).toString('latin1') : undefined)
  })
}
