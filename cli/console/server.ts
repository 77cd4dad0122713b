import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { awsErrorText } from '../deployment/aws-error.ts'
import { SetupError } from '../../lambda/errors.ts'
import { admit, CAUTIONS, type Admission } from './guard.ts'

/** What the page can ask, and what it gets. */
export type Api = (question: Question) => Promise<unknown>

export interface Question {
  readonly method: 'GET' | 'POST'
  /** Such as `/overview`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  /** Raised when who asked has gone, or the console stops. */
  readonly signal: AbortSignal
}

/** What is told to the page, with a status, and not as a fault of the program. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface ConsoleServer extends AsyncDisposable {
  /** With the token in it: whoever has this address can do all that the page can. */
  readonly address: string
}

type Asset = { readonly type: string; readonly text: string }

/**
 * Serves the console's page, and what it asks, to this computer.
 *
 * @param port 0 for any
 * @param onFault told of what no answer was written for
 * @throws Error with code EADDRINUSE
 */
export async function startServer(api: Api, port: number, onFault: (error: unknown) => void): Promise<ConsoleServer> {
  const token = randomBytes(24).toString('base64url')
  const stopping = new AbortController()
  // Built when the page is first opened: who does not open it does not wait for it.
  let assets: Promise<ReadonlyMap<string, Asset>> | undefined
  const server = createServer((request, response) => {
    const admission = admit(request, (server.address() as AddressInfo).port, token)
    const answering =
      admission.kind === 'admitted' && !admission.path.startsWith('/api/')
        ? (assets ??= readAssets().catch((error: unknown) => {
            assets = undefined // so that it is tried again when the page is loaded again
            throw error
          })).then((all) => {
            answerAsset(response, all.get(admission.path))
          })
        : answer(request, response, admission, api, stopping.signal)
    answering.catch((error: unknown) => {
      onFault(error)
      if (response.headersSent) response.destroy()
      else answerJson(response, 500, { error: 'The console itself failed. Look at where it was started.' })
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`,
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const { bundlePage } = await import('./bundle.ts')
  const { html, css, js } = await bundlePage()
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', text: html }],
    ['/page.css', { type: 'text/css; charset=utf-8', text: css }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', text: js }],
  ])
}

function answerAsset(response: ServerResponse, asset: Asset | undefined): void {
  if (asset === undefined) answerJson(response, 404, { error: 'There is nothing here.' })
  else response.writeHead(200, { 'content-type': asset.type, ...CAUTIONS }).end(asset.text)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  admission: Admission,
  api: Api,
  stopping: AbortSignal,
): Promise<void> {
  if (admission.kind === 'turned-away') {
    answerJson(response, admission.status, { error: admission.why })
    return
  }
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const { method, path, query } = admission
  const question: Question = {
    method,
    path: path.slice('/api'.length),
    query,
    request,
    signal: AbortSignal.any([gone.signal, stopping]),
  }
  try {
    answerJson(response, 200, await api(question))
  } catch (error) {
    if (question.signal.aborted) return
    const told = toldAs(error)
    if (told === undefined) throw error
    // What was not read of a body would be taken for the next question.
    if (!request.complete) response.setHeader('connection', 'close')
    answerJson(response, told.status, { error: told.message })
  }
}

/** @returns undefined where it is a fault of the program */
function toldAs(error: unknown): { readonly status: number; readonly message: string } | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof SetupError) return { status: 400, message: error.message }
  const said = awsErrorText(error)
  return said === undefined ? undefined : { status: 502, message: said }
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...CAUTIONS }).end(JSON.stringify(value))
}
