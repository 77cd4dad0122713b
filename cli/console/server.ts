import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { SetupError } from '../../lambda/errors.ts'
import { awsErrorText } from '../deployment/aws-error.ts'
import { refusalPage } from './refusal-page.ts'
import type { PageAddress } from './stored-address.ts'
import { checkAccess, SECURITY_HEADERS, type AccessResult } from './guard.ts'

/** Answers a request of the page. @returns the JSON of the response, or a Streamed or Download */
export type ApiHandler = (request: ApiRequest) => Promise<unknown>

export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  /** For example `/overview`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  /** Aborted when the client disconnects or the console stops. */
  readonly signal: AbortSignal
}

/** A request that the console refuses. The page shows the message. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code = 'request_refused'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A response that is written bit by bit. */
export class Streamed {
  readonly type: string
  readonly writeTo: (response: Writable, signal: AbortSignal) => Promise<void>

  constructor(type: string, writeTo: Streamed['writeTo']) {
    this.type = type
    this.writeTo = writeTo
  }
}

/** A response that is a file. */
export class Download extends Streamed {
  readonly name: string

  constructor(name: string, type: string, writeTo: Streamed['writeTo']) {
    super(type, writeTo)
    this.name = name
  }
}

export interface ConsoleServer extends AsyncDisposable {
  /** Contains the token: a user who has this address can do everything that the page can. */
  readonly address: string
  readonly port: number
}

const LOAD_AFTER_MS = 1_000

interface Asset {
  readonly type: string
  readonly text: string
}

/**
 * Serves the console's page and its API, to this computer only.
 *
 * @param onError called with every error that is a bug of the program
 * @throws Error with code EADDRINUSE
 */
export async function startServer(
  handler: ApiHandler,
  { port, token }: PageAddress,
  onError: (error: unknown) => void,
): Promise<ConsoleServer> {
  const stopping = new AbortController()
  let assets: Promise<ReadonlyMap<string, Asset>> | undefined
  const loadAssets = () =>
    (assets ??= readAssets().catch((error: unknown) => {
      assets = undefined // the next request tries again
      throw error
    }))
  // The start does not wait for the page, and a person needs longer than this to open it.
  const loading = setTimeout(() => {
    loadAssets().catch(() => undefined)
  }, LOAD_AFTER_MS).unref()
  const server = createServer((request, response) => {
    const access = checkAccess(request, (server.address() as AddressInfo).port, token)
    const responding =
      access.kind === 'allowed' && !access.path.startsWith('/api/')
        ? loadAssets().then((all) => {
            sendAsset(response, all.get(access.path))
          })
        : respond(request, response, access, handler, stopping.signal)
    responding.catch((error: unknown) => {
      onError(error)
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: 'The console failed. The terminal where it was started shows the error.' })
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const listening = (server.address() as AddressInfo).port
  return {
    address: `http://127.0.0.1:${listening}/${token}/`,
    port: listening,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(loading)
      stopping.abort()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const { readPage } = await import('./bundle.ts')
  const { html, css, js, worker } = await readPage()
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', text: html }],
    ['/page.css', { type: 'text/css; charset=utf-8', text: css }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', text: js }],
    ['/check-worker.js', { type: 'text/javascript; charset=utf-8', text: worker }],
  ])
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  access: AccessResult,
  handler: ApiHandler,
  stopping: AbortSignal,
): Promise<void> {
  if (access.kind === 'denied') {
    if (isNavigation(request)) sendText(response, access.status, 'text/html', refusalPage(access.why))
    else sendJson(response, access.status, { error: access.why })
    return
  }
  const disconnected = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) disconnected.abort()
  })
  const signal = AbortSignal.any([disconnected.signal, stopping])
  const { method, path, query } = access
  try {
    const result = await handler({ method, path: path.slice('/api'.length), query, request, signal })
    if (result instanceof Streamed) await sendStreamed(response, result, signal)
    else sendJson(response, 200, result)
  } catch (error) {
    if (signal.aborted) return
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    // Node would take the unread rest of the body for the next request.
    if (!request.complete) response.setHeader('connection', 'close')
    sendJson(response, refusal.status, { error: refusal.message })
  }
}

/** What the page shows of an error. @returns undefined for a bug of the program */
export function refusalOf(error: unknown): { readonly status: number; readonly message: string } | undefined {
  if (error instanceof RequestError) return error
  if (error instanceof SetupError) return { status: 400, message: error.message }
  const message = awsErrorText(error)
  return message === undefined ? undefined : { status: 502, message }
}

function sendAsset(response: ServerResponse, asset: Asset | undefined): void {
  if (asset === undefined) sendJson(response, 404, { error: 'This address does not exist.' })
  else response.writeHead(200, { 'content-type': asset.type, ...SECURITY_HEADERS }).end(asset.text)
}

async function sendStreamed(response: ServerResponse, streamed: Streamed, signal: AbortSignal): Promise<void> {
  response.writeHead(200, {
    'content-type': streamed.type,
    ...(streamed instanceof Download && {
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(streamed.name)}`,
    }),
    ...SECURITY_HEADERS,
  })
  await streamed.writeTo(response, signal)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, 'application/json', JSON.stringify(value))
}

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, ...SECURITY_HEADERS }).end(text)
}

/** Whether a person opens the address, and not a program. */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html')
}
