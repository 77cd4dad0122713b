import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusalOf } from '../local-only.ts'
import { isSigned, type Credentials } from '../signature.ts'
import { checkContent } from './content.ts'
import { SqsError, unreadable } from './errors.ts'
import { noFaults, strikes, type SqsFaults } from './faults.ts'
import { readInput } from './input.ts'
import { Messages } from './messages.ts'
import { MoveTasks } from './move-tasks.ts'
import { OPERATIONS } from './operations.ts'
import { numberOf } from './queue-attributes.ts'
import { Queues } from './queues.ts'
import type { Service } from './service.ts'
import { openStore } from './store.ts'

export type { SqsFaults } from './faults.ts'

export interface SqsOptions {
  /** Folder of the state, for one server at a time; created if missing. */
  readonly dir: string
  /** @default any free port */
  readonly port?: number
  /** @default us-east-1 */
  readonly region?: string
  /** @default 000000000000 */
  readonly accountId?: string
  /** Clock in milliseconds since 1970. A clock that does not run by itself needs `clockMoved`. @default Date.now */
  readonly now?: () => number
  /** How much of the time that a receive may wait for messages it does wait. Less than 1 makes tests quicker. @default 1 */
  readonly waitScale?: number
  /** Whether messages in flight become visible, and their last delivery does not count: their consumers ended with the process. @default true */
  readonly releaseInFlightOnStart?: boolean
  /** When they become visible. Consumers that hold leases of their own set it to the length of a lease. @default 0 */
  readonly releaseAfterMs?: number
  /** Whether messages are deleted when the retention period of their queue ends. @default true */
  readonly expires?: boolean
  /** Whether delayed messages become visible, so that a restart does not have to wait for them. @default false */
  readonly endDelaysOnStart?: boolean
  /** The only credentials that are accepted. @default any, and requests without a signature */
  readonly credentials?: Credentials
  /** @default none */
  readonly faults?: Partial<SqsFaults>
}

export interface SqsEmulator {
  readonly url: string
  readonly port: number
  /** Faults to inject from now on. */
  readonly faults: SqsFaults
  queueUrl(name: string): string
  queueArn(name: string): string
  /** When the oldest message of a queue was sent; undefined if the queue is empty. */
  oldestSentAt(name: string): number | undefined
  /** Sends a message without HTTP, for the notifications of S3. @throws Error if there is no such queue */
  send(queueArn: string, body: string): Promise<void>
  /** Does what a request with this `X-Amz-Target` does, without HTTP. @throws SqsError */
  execute(operation: string, input: unknown, signal: AbortSignal): Promise<unknown>
  /** Call this after moving the clock of `SqsOptions`: waiting requests then check the time again. */
  clockMoved(): void
  stop(): Promise<void>
}

/** More than a batch of 1 MiB in which every character is escaped. */
const MAX_REQUEST_BYTES = 16 * 1_048_576

/**
 * Starts the SQS emulator: standard queues over the JSON protocol, stored in SQLite. The AWS SDK needs only its address.
 *
 * It rejects what it does not support, as AWS rejects an unknown parameter (docs/emulators.md).
 *
 * @throws Error with code EADDRINUSE if the port is in use
 * @throws SetupError if another server uses the folder
 */
export async function startSqs(options: SqsOptions): Promise<SqsEmulator> {
  // No keep-alive timeout: a client could reuse a connection at the moment when the server closes it.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  try {
    // Only after listening: a second start on the same port must not touch the state of the first.
    const { service, close } = openService(options, url)
    server.on('request', (request, response) => {
      void answer(service, options.credentials, request, response)
    })
    return {
      url,
      port,
      faults: service.faults,
      queueUrl: (name) => url + service.queues.pathOf(name),
      queueArn: (name) => service.queues.arnOf(name),
      oldestSentAt: (name) => service.messages.oldestSentAt(service.queues.byName(name)),
      send: async (queueArn, body) => {
        await Promise.resolve()
        sendInProcess(service, queueArn, body)
      },
      execute: async (operation, input, signal) => {
        const execute = operationOf(`${TARGET_PREFIX}${operation}`)
        return await execute(service, readInput(input), signal)
      },
      clockMoved: () => {
        service.messages.notifyWaiting()
        service.moveTasks.tick()
      },
      stop: async () => {
        server.close()
        server.closeAllConnections()
        await once(server, 'close')
        close()
      },
    }
  } catch (error) {
    server.close()
    throw error
  }
}

function openService(options: SqsOptions, url: string): { readonly service: Service; readonly close: () => void } {
  const {
    dir,
    region = 'us-east-1',
    accountId = '000000000000',
    now = Date.now,
    waitScale = 1,
    releaseInFlightOnStart = true,
    releaseAfterMs = 0,
    expires = true,
    endDelaysOnStart = false,
  } = options
  const db = openStore(dir)
  const queues = new Queues(db, region, accountId, now)
  const messages = new Messages(db, queues, now, expires)
  if (releaseInFlightOnStart) messages.releaseInFlight(releaseAfterMs)
  if (endDelaysOnStart) messages.endDelays()
  const moveTasks = new MoveTasks(db, queues, messages, now)
  const faults = { ...noFaults(), ...options.faults }
  return {
    service: { queues, messages, moveTasks, faults, urlOf: ({ name }) => url + queues.pathOf(name), now, waitScale },
    close: () => {
      moveTasks.stop()
      db.close()
    },
  }
}

function sendInProcess({ queues, messages }: Service, queueArn: string, body: string): void {
  const queue = queues.byArn(queueArn)
  if (queue === undefined) throw new Error(`The SQS emulator has no queue ${queueArn}: create it before you send to it.`)
  checkContent(body, {}, numberOf(queue.attributes, 'MaximumMessageSize'))
  messages.send(queue, body, {})
}

async function answer(
  service: Service,
  credentials: Credentials | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => {
    gone.abort()
  })
  response.setHeader('x-amzn-requestid', randomUUID())
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  try {
    const refusal = refusalOf(request.headers)
    if (refusal !== undefined) throw accessDenied(refusal)
    const body = await bodyOf(request)
    checkSignature(request, body, credentials)
    if (strikes(service.faults, 'unavailable'))
      throw new SqsError('ServiceUnavailable', 'Service is unavailable. Please retry.', 'ServiceUnavailable', 503)
    const operation = operationOf(request.headers['x-amz-target'])
    response.end(JSON.stringify(await operation(service, readInput(parseJson(body)), gone.signal)))
  } catch (error) {
    request.resume() // reads the rest of the body, so that the connection can be reused
    if (!response.destroyed) answerError(response, error)
  }
}

function checkSignature(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  credentials: Credentials | undefined,
): void {
  const payloadHash = createHash('sha256').update(body).digest('hex')
  if (credentials !== undefined && !isSigned({ method, url, headers, payloadHash }, credentials))
    throw accessDenied('The request is not signed with the credentials in the state folder.')
}

function accessDenied(why: string): SqsError {
  return new SqsError('com.amazon.coral.service#AccessDeniedException', why, 'AccessDenied', 403)
}

const TARGET_PREFIX = 'AmazonSQS.'

function operationOf(target: string | string[] | undefined): (typeof OPERATIONS)[string] {
  const name = typeof target === 'string' && target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : ''
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation !== undefined) return operation
  const what =
    target === undefined
      ? 'The request names no operation in X-Amz-Target: the SQS emulator only supports the JSON protocol, which SDKs and tools use since 2024.'
      : `The operation ${String(target)} is not implemented by the SQS emulator.`
  throw new SqsError('com.amazon.coral.service#UnknownOperationException', what, 'InvalidAction')
}

function answerError(response: ServerResponse, error: unknown): void {
  const { type, code, status, message } =
    error instanceof SqsError ? error : new SqsError('InternalFailure', String(error), 'InternalFailure', 500)
  response.writeHead(status, { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` })
  response.end(JSON.stringify({ __type: type, message }))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) throw unreadable(`The request is longer than ${MAX_REQUEST_BYTES} bytes.`, 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text || '{}')
  } catch {
    throw unreadable('The request is not a JSON document.')
  }
}
