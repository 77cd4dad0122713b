import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkContent } from './content.ts'
import { SqsError, unreadable } from './errors.ts'
import { noFaults, strikes, type SqsFaults } from './message-operations.ts'
import { Messages } from './messages.ts'
import { MoveTasks } from './move-tasks.ts'
import { OPERATIONS, readInput, type Service } from './operations.ts'
import { numberOf } from './queue-attributes.ts'
import { Queues } from './queues.ts'
import { openStore } from './store.ts'

export type { SqsFaults } from './message-operations.ts'

export interface SqsOptions {
  /** Where the state is kept, for one server at a time; made where it is missing. */
  readonly dir: string
  /** 0 or left out: any that is free. */
  readonly port?: number
  /** @default us-east-1 */
  readonly region?: string
  /** @default 000000000000 */
  readonly accountId?: string
  /** Milliseconds since 1970. A clock that does not run by itself needs `clockMoved`. */
  readonly now?: () => number
  /** Whether messages that were out when the process ended are visible again: their consumer ended with it. @default true */
  readonly releaseInFlightOnStart?: boolean
  /** Whether messages that were delayed are visible at once: whoever starts again does not want to wait. @default false */
  readonly endDelaysOnStart?: boolean
  /** @default none */
  readonly faults?: Partial<SqsFaults>
}

export interface EmbeddedSqs {
  readonly url: string
  readonly port: number
  /** What goes wrong from now on. */
  readonly faults: SqsFaults
  queueUrl(name: string): string
  queueArn(name: string): string
  /** Sends without the wire, for the notifications of S3. @throws Error where there is no such queue */
  send(queueArn: string, body: string): Promise<void>
  /** With a clock of the caller's: whoever waits for a time looks again. */
  clockMoved(): void
  stop(): Promise<void>
}

/** A batch of 1 MiB whose every character is escaped, and then some. */
const MAX_REQUEST_BYTES = 16 * 1_048_576

/**
 * SQS on this computer, for the AWS SDK with nothing set but its address: standard queues over the JSON protocol, kept in SQLite.
 *
 * What it does not do it refuses as AWS refuses what it does not know (docs/local-sqs.md).
 *
 * @throws Error with code EADDRINUSE where the port is taken
 * @throws SetupError where another server has the folder
 */
export async function startSqs(options: SqsOptions): Promise<EmbeddedSqs> {
  // No keep-alive timeout: a client that uses a connection again must not find it just being closed.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  try {
    // Only now: a second start on a taken port must not touch the state of the first.
    const { service, close } = openService(options, url)
    server.on('request', (request, response) => {
      void answer(service, request, response)
    })
    return {
      url,
      port,
      faults: service.faults,
      queueUrl: (name) => url + service.queues.pathOf(name),
      queueArn: (name) => service.queues.arnOf(name),
      send: async (queueArn, body) => {
        await Promise.resolve()
        sendInProcess(service, queueArn, body)
      },
      clockMoved: () => {
        service.messages.tell()
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
    releaseInFlightOnStart = true,
    endDelaysOnStart = false,
  } = options
  const db = openStore(dir)
  const queues = new Queues(db, region, accountId, now)
  const messages = new Messages(db, queues, now)
  if (releaseInFlightOnStart) messages.releaseInFlight()
  if (endDelaysOnStart) messages.endDelays()
  const moveTasks = new MoveTasks(db, queues, messages, now)
  const faults = { ...noFaults(), ...options.faults }
  return {
    service: { queues, messages, moveTasks, faults, urlOf: ({ name }) => url + queues.pathOf(name), now },
    close: () => {
      moveTasks.stop()
      db.close()
    },
  }
}

function sendInProcess({ queues, messages }: Service, queueArn: string, body: string): void {
  const queue = queues.byArn(queueArn)
  if (queue === undefined)
    throw new Error(`There is no queue ${queueArn} in the local SQS: create it before anything is sent to it.`)
  checkContent(body, {}, numberOf(queue.attributes, 'MaximumMessageSize'))
  messages.send(queue, body, {})
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => {
    gone.abort()
  })
  response.setHeader('x-amzn-requestid', randomUUID())
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  try {
    checkHost(request)
    const body = await bodyOf(request)
    if (strikes(service.faults, 'unavailable'))
      throw new SqsError('ServiceUnavailable', 'Service is unavailable. Please retry.', 'ServiceUnavailable', 503)
    const operation = operationOf(request)
    response.end(JSON.stringify(await operation(service, readInput(parseJson(body)), gone.signal)))
  } catch (error) {
    request.resume() // what is left of the body, so that the connection can be used again
    if (!response.destroyed) answerError(response, error)
  }
}

/** A page in a browser must not reach the queues by a name of its own that leads to this computer. */
function checkHost({ headers: { host = '' } }: IncomingMessage): void {
  if (/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return
  throw new SqsError(
    'com.amazon.coral.service#AccessDeniedException',
    'This local SQS answers only as 127.0.0.1 or localhost.',
    'AccessDenied',
    403,
  )
}

function operationOf({ headers }: IncomingMessage): (typeof OPERATIONS)[string] {
  const target = headers['x-amz-target']
  const name = typeof target === 'string' && target.startsWith('AmazonSQS.') ? target.slice('AmazonSQS.'.length) : ''
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation !== undefined) return operation
  const what =
    target === undefined
      ? 'The request names no operation in X-Amz-Target: this local SQS speaks the JSON protocol, which SDKs and tools speak since 2024.'
      : `The operation ${String(target)} is not implemented by this local SQS.`
  throw new SqsError('com.amazon.coral.service#UnknownOperationException', what, 'InvalidAction')
}

function answerError(response: ServerResponse, error: unknown): void {
  const { type, queryCode, status, message } =
    error instanceof SqsError ? error : new SqsError('InternalFailure', String(error), 'InternalFailure', 500)
  response.writeHead(status, { 'x-amzn-query-error': `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}` })
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
    throw unreadable('The request is no JSON document.')
  }
}
