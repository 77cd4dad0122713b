import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices } from '../../cli/local/services.ts'
import { cloudWatchLog } from '../../lambda/adapters/log.ts'
import { createHandler } from '../../lambda/app.ts'
import { ARCHIVE_SCHEMA, RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import {
  BYTES_OUT_PER_LINE,
  DAILY_METRICS,
  logBytesOf,
  METRICS_OF_AN_IMPORT,
  requestsOf,
  USUAL_IMPORT,
  type ImportFigures,
} from '../../lib/cost.ts'
import { API_KEY, QUICK_WAITS, TEST_WIRING } from '../support/installation.ts'

/** What TLS (22 bytes), TCP and IP (40) add to a request, and the packet that acknowledges its answer (40). */
const TRANSPORT_BYTES = 102

interface Measured {
  readonly calls: Readonly<Record<string, number>>
  readonly seconds: number
  readonly logBytes: number
  readonly metrics: ReadonlySet<string>
  /** Bytes of HTTP that the endpoint received. */
  readonly sentBytes: number
}

interface Meter {
  /** Runs the handler for the next message of the import queue. */
  run(): Promise<Measured>
  upload(key: string, lines: readonly string[]): Promise<void>
  send(schema: string): Promise<void>
  stop(): Promise<void>
}

/** Counts the requests to S3 by their method, and those to SQS by their operation. */
class CountingHandler extends NodeHttpHandler {
  readonly #calls: Map<string, number>

  constructor(calls: Map<string, number>) {
    super()
    this.#calls = calls
  }

  override handle(...args: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const [{ method, headers }] = args
    const name = headers['x-amz-target']?.split('.').at(-1) ?? method
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1)
    return super.handle(...args)
  }
}

/** The handler as it is deployed, which counts what AWS would bill. */
async function startMeter(): Promise<Meter> {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-cost-'))
  const services = await startLocalServices(dir, 0, TEST_WIRING, {
    waitScale: QUICK_WAITS,
  })
  const { s3, sqs, importQueueUrl, deadLetterQueueUrl } = services
  const sockets: Socket[] = []
  const endpoint = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'image/gif' }).end(Buffer.alloc(43))
  })
  endpoint.on('connection', (socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(endpoint, 'listening')
  const sentBytes = () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)

  const calls = new Map<string, number>()
  const requestHandler = new CountingHandler(calls)
  const log = cloudWatchLog('KissmetricsImporter-ImporterFunction1808D876-Nj8kXq2mT5Yb')
  const handler = createHandler(
    {
      KM_ENDPOINT: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
      KM_API_KEY: API_KEY,
      KM_IMPORT_QUEUE_URL: importQueueUrl,
      KM_DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
      KM_BUCKET: BUCKET,
    },
    log,
    { s3: new S3Client({ requestHandler }), sqs: new SQSClient({ requestHandler }) },
  )
  const receive = async () => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: importQueueUrl, WaitTimeSeconds: 20 }))
    return Messages![0]!
  }
  await receive() // the test event with which S3 announces the notification
  return {
    run: async () => {
      const { MessageId: messageId, ReceiptHandle: receiptHandle, Body: body } = await receive()
      calls.clear()
      const written: string[] = []
      const stdout = jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
      const [began, sentBefore] = [performance.now(), sentBytes()]
      const record = { eventSource: 'aws:sqs', messageId, receiptHandle, body, attributes: { ApproximateReceiveCount: '1' } }
      log.begin('d0e12d30-4b28-4d09-8c34-0a8d3c0a4d6b')
      const answer = await handler({ Records: [record] }, { getRemainingTimeInMillis: () => 900_000 }).finally(() => {
        log.publish()
        stdout.mockRestore()
      })
      expect(answer).toEqual({ batchItemFailures: [] })
      await sqs.send(new DeleteMessageCommand({ QueueUrl: importQueueUrl, ReceiptHandle: receiptHandle }))
      const text = written.join('')
      return {
        calls: Object.fromEntries(calls),
        seconds: (performance.now() - began) / 1000,
        logBytes: text.length,
        metrics: new Set([...text.matchAll(/"Name":"(\w+)","Unit"/g)].map(([, name]) => name!)),
        sentBytes: sentBytes() - sentBefore,
      }
    },
    upload: async (name, lines) => {
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `incoming/${name}`, Body: lines.join('\n') }))
    },
    send: async (schema) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: importQueueUrl, MessageBody: JSON.stringify({ schema }) }))
    },
    stop: async () => {
      endpoint.closeAllConnections()
      endpoint.close()
      await services.stop()
      await rm(dir, { recursive: true })
    },
  }
}

let meter: Meter
beforeAll(async () => {
  meter = await startMeter()
})
afterAll(() => meter.stop())

/** A line of 200 bytes. */
const line = (n: number) =>
  `{"_p":"person${n}@example.com","_t":${1_700_000_000 + n},"_n":"Signed Up","plan":"pro","source":"newsletter","amount":${n},"note":"`.padEnd(
    198,
    'x',
  ) + '"}'

/** Between the estimate and half of it, or one and a half; and one or two more or less. */
function expectAbout(measured: number, estimate: number): void {
  expect(measured).toBeGreaterThan(estimate * 0.5 - 1)
  expect(measured).toBeLessThan(estimate * 1.5 + 2)
}

// prettier-ignore
describe.each<[string, Partial<ImportFigures>]>([
  ['a file of one line', { lines: 1 }],
  ['a file of 10,000 lines, of which 500 are rejected', { lines: 10_000, rejectedShare: 0.05 }],
])('%s', (name, part) => {
  const figures = { ...USUAL_IMPORT, ...part }
  let measured: Measured
  beforeAll(async () => {
    const rejected = figures.lines * figures.rejectedShare
    await meter.upload(`${name}.json`, Array.from({ length: figures.lines }, (_, n) => (n < rejected ? '{"_p":"a"}' : line(n))))
    measured = await meter.run()
  })

  test('is billed the requests of the formula', () => {
    const { s3Writes, s3Reads, sqs } = requestsOf(figures, measured.seconds)
    const { GET, PUT, ChangeMessageVisibility, SendMessageBatch = 0, ...others } = measured.calls
    expect(others).toEqual({})
    expectAbout(PUT!, s3Writes)
    expectAbout(GET!, s3Reads)
    // Lambda itself receives and deletes the message.
    expectAbout(ChangeMessageVisibility! + SendMessageBatch + 2, sqs)
  })

  test('writes the log of the formula', () => {
    expectAbout(measured.logBytes / 1000, logBytesOf(figures, measured.seconds) / 1000)
  })

  test('writes the metrics of the formula', () => {
    expect([...measured.metrics].filter((metric) => metric !== 'DeadLetters')).toHaveLength(METRICS_OF_AN_IMPORT)
  })

  test('sends the bytes of the formula', () => {
    const perLine = measured.sentBytes / (figures.lines * (1 - figures.rejectedShare)) + TRANSPORT_BYTES
    expect(Math.abs(perLine / BYTES_OUT_PER_LINE - 1)).toBeLessThan(0.05)
  })
})

test('the daily jobs write the metrics of the formula', async () => {
  const metrics = new Set<string>()
  for (const schema of [RECONCILE_SCHEMA, ARCHIVE_SCHEMA]) {
    await meter.send(schema)
    for (const metric of (await meter.run()).metrics) metrics.add(metric)
  }
  expect([...metrics]).toHaveLength(DAILY_METRICS)
})
