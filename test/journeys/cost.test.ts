import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { cloudWatchLog } from '../../lambda/adapters/log.ts'
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
import { API_KEY } from '../support/installation.ts'
import { InvokedImporter } from '../support/invoked-importer.ts'

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

/** Kissmetrics, which counts the bytes that it receives. */
class CountingEndpoint {
  readonly #sockets: Socket[] = []
  readonly #server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'image/gif' }).end(Buffer.alloc(43))
  }).on('connection', (socket) => this.#sockets.push(socket))

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get receivedBytes(): number {
    return this.#sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

const log = cloudWatchLog('KissmetricsImporter-ImporterFunction1808D876-Nj8kXq2mT5Yb')
const endpoint = new CountingEndpoint()
/** Requests to S3 by their method, and those to SQS by their operation. */
const calls = new Map<string, number>()
let importer: InvokedImporter
beforeAll(async () => {
  importer = await InvokedImporter.start({
    log,
    env: { KM_ENDPOINT: await endpoint.start(), KM_API_KEY: API_KEY },
    onAnswer: ({ method, headers }) => {
      const name = headers['x-amz-target']?.split('.').at(-1) ?? method
      calls.set(name, (calls.get(name) ?? 0) + 1)
    },
  })
})
afterAll(async () => {
  endpoint.stop()
  await importer[Symbol.asyncDispose]()
})

/** Runs the handler for the next message of the import queue. */
async function measure(): Promise<Measured> {
  calls.clear()
  const written: string[] = []
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const [began, receivedBefore] = [performance.now(), endpoint.receivedBytes]
  log.begin('d0e12d30-4b28-4d09-8c34-0a8d3c0a4d6b')
  const isDelivered = await importer.deliver().finally(() => {
    log.publish()
    stdout.mockRestore()
  })
  expect(isDelivered).toBe(true)
  const text = written.join('')
  return {
    calls: Object.fromEntries(calls),
    seconds: (performance.now() - began) / 1000,
    logBytes: text.length,
    metrics: new Set([...text.matchAll(/"Name":"(\w+)","Unit"/g)].map(([, name]) => name!)),
    sentBytes: endpoint.receivedBytes - receivedBefore,
  }
}

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
    const lines = Array.from({ length: figures.lines }, (_, n) => (n < rejected ? '{"_p":"a"}' : line(n)))
    const { s3 } = importer.services
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `incoming/${name}.json`, Body: lines.join('\n') }))
    measured = await measure()
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
    await importer.send({ schema })
    for (const metric of (await measure()).metrics) metrics.add(metric)
  }
  expect([...metrics]).toHaveLength(DAILY_METRICS)
})
