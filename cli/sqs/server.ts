import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SqsError } from './errors.ts'
import { noFaults, type SqsFaults } from './faults.ts'
import { Messages } from './messages.ts'
import { MoveTasks } from './move-tasks.ts'
import { OPERATIONS, readInput, type Service } from './operations.ts'
import { Queues } from './queues.ts'
import { openStore } from './store.ts'
import { Waiters } from './waiters.ts'

export interface SqsOptions {
  /** Where the state is kept; made where it is missing. */
  readonly dir: string
  /** 0 or left out: any that is free. */
  readonly port?: number
  readonly region?: string
  readonly accountId?: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Whether messages that were out when the process ended are visible again: their consumer ended with it. @default true */
  readonly releaseInFlightOnStart?: boolean
}

export interface EmbeddedSqs {
  readonly url: string
  readonly port: number
  readonly faults: SqsFaults
  queueUrl(name: string): string
  queueArn(name: string): string
  /** Sends without the wire, for the notifications of S3. */
  send(queueArn: string, body: string): Promise<void>
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
 */
export async function startSqs(options: SqsOptions): Promise<EmbeddedSqs> {
  const { dir, port = 0, region = 'us-east-1', accountId = '000000000000', now = Date.now, releaseInFlightOnStart = true } = options
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const db = openStore(dir)
  const queues = new Queues(db, `arn:aws:sqs:${region}:${accountId}:`, now)
  const messages = new Messages(db, queues, now)
  if (releaseInFlightOnStart) messages.releaseInFlight()
  const waiters = new Waiters(messages, now)
  const moveTasks = new MoveTasks(queues, messages, now, (queue) => {
    setImmediate(() => {
      waiters.wake(queue) // when the transaction that moves it is through
    })
  })
  const queueUrl = (name: string): string => `${url}/${accountId}/${name}`
  const service: Service = {
    queues,
    messages,
    moveTasks,
    waiters,
    faults: noFaults(),
    urlOf: ({ name }) => queueUrl(name),
    wake: (queue) => {
      waiters.wake(queue)
    },
  }
  server.on('request', (request, response) => {
    void answer(service, request, response)
  })
  return {
    url,
    port: (server.address() as AddressInfo).port,
    faults: service.faults,
    queueUrl,
    queueArn: (name) => queues.arnOf(name),
    send: (queueArn, body) => {
      const queue = queues.byArn(queueArn)
      if (queue === undefined) return Promise.reject(new Error(`there is no queue ${queueArn}`))
      messages.send(queue, body, undefined)
      waiters.wake(queue)
      return Promise.resolve()
    },
    stop: async () => {
      moveTasks.stop()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      db.close()
    },
  }
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => {
    gone.abort()
  })
  response.setHeader('x-amzn-requestid', randomUUID())
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  try {
    if (service.faults.unavailable > 0) {
      service.faults.unavailable -= 1
      throw new SqsError('ServiceUnavailable', 'Service is unavailable. Please retry.', 'ServiceUnavailable', 503)
    }
    const name = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '')
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
    if (operation === undefined) {
      throw new SqsError('com.amazon.coral.service#UnknownOperationException', `The operation ${name} is not implemented by this local SQS.`, 'InvalidAction')
    }
    const input = readInput(JSON.parse(await bodyOf(request)))
    response.end(JSON.stringify(await operation(service, input, gone.signal)))
  } catch (error) {
    if (!response.headersSent && !response.destroyed) answerError(response, error)
  }
}

function answerError(response: ServerResponse, error: unknown): void {
  const { type, queryCode, status, message } =
    error instanceof SqsError ? error : { type: 'InternalFailure', queryCode: 'InternalFailure', status: 500, message: String(error) }
  response.statusCode = status
  response.setHeader('x-amzn-query-error', `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}`)
  response.end(JSON.stringify({ __type: type, message }))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) throw new SqsError('com.amazonaws.sqs#RequestTooLong', 'The request is too long.', 'RequestTooLong', 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString() || '{}'
}
