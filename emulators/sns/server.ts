import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusalOf } from '../local-only.ts'
import { isSigned, type Credentials } from '../signature.ts'
import { readPublish, type PublishedMessage } from './publish.ts'
import { SnsError } from './errors.ts'

export interface SnsOptions {
  /** The ARNs of the topics that exist. */
  readonly topics: readonly string[]
  /** @default any free port */
  readonly port?: number
  /** The only credentials that are accepted. @default any, and requests without a signature */
  readonly credentials?: Credentials
}

/** Faults that a test can inject. Each strikes as often as its number says. */
export interface SnsFaults {
  /** Answer a request with 503, before anything is done. */
  unavailable: number
  /** Answer a request as if the caller had no permission. */
  denied: number
  /** Publish, and close the connection without an answer. */
  answerLost: number
}

export interface SnsEmulator {
  readonly url: string
  /** Faults to inject from now on. */
  readonly faults: SnsFaults
  /** What was published, in this order. */
  readonly published: readonly PublishedMessage[]
  stop(): Promise<void>
}

/** More than the largest message, with every byte encoded. */
const MAX_REQUEST_BYTES = 1_048_576

/**
 * Starts the SNS emulator: Publish over the query protocol, which the AWS SDK speaks. It keeps what is published, and delivers it to nobody.
 *
 * It rejects what it does not support, as AWS rejects an unknown action (docs/emulators.md).
 *
 * @throws Error with code EADDRINUSE if the port is in use
 */
export async function startSns(options: SnsOptions): Promise<SnsEmulator> {
  const faults: SnsFaults = { unavailable: 0, denied: 0, answerLost: 0 }
  const published: PublishedMessage[] = []
  // No keep-alive timeout: a client could reuse a connection at the moment when the server closes it.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    void answer({ options, faults, published }, request, response)
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    published,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Service {
  readonly options: SnsOptions
  readonly faults: SnsFaults
  readonly published: PublishedMessage[]
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID()
  response.setHeader('x-amzn-requestid', requestId)
  response.setHeader('content-type', 'text/xml')
  try {
    const messageId = await publish(service, request)
    if (strikes(service.faults, 'answerLost')) response.destroy()
    else
      response.end(
        `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${messageId}</MessageId></PublishResult>` +
          `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></PublishResponse>`,
      )
  } catch (error) {
    request.resume() // reads the rest of the body, so that the connection can be reused
    const { code, message, status } = error instanceof SnsError ? error : new SnsError('InternalError', String(error), 500)
    response.writeHead(status)
    response.end(
      `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>` +
        `<Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    )
  }
}

async function publish({ options, faults, published }: Service, request: IncomingMessage): Promise<string> {
  const refusal = refusalOf(request.headers)
  if (refusal !== undefined) throw new SnsError('AuthorizationError', refusal, 403)
  const body = await bodyOf(request)
  checkSignature(request, body, options.credentials)
  if (strikes(faults, 'unavailable')) throw new SnsError('ServiceUnavailable', 'Service is unavailable. Please retry.', 503)
  if (strikes(faults, 'denied'))
    throw new SnsError('AuthorizationError', 'User is not authorized to perform: SNS:Publish on this resource', 403)
  const message = readPublish(new URLSearchParams(body))
  if (!options.topics.includes(message.topicArn)) throw new SnsError('NotFound', 'Topic does not exist', 404)
  published.push(message)
  return message.id
}

function checkSignature(
  { method = '', url = '', headers }: IncomingMessage,
  body: string,
  credentials: Credentials | undefined,
): void {
  const payloadHash = createHash('sha256').update(body).digest('hex')
  if (credentials !== undefined && !isSigned({ method, url, headers, payloadHash }, credentials))
    throw new SnsError('SignatureDoesNotMatch', 'The request is not signed with the credentials of the emulator.', 403)
}

function strikes(faults: SnsFaults, fault: keyof SnsFaults): boolean {
  if (faults[fault] <= 0) return false
  faults[fault] -= 1
  return true
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) throw new SnsError('InvalidParameter', 'Invalid parameter: Message too long', 400)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
