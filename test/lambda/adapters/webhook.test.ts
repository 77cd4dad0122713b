import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { answerWebhook } from '../../../lambda/adapters/webhook.ts'
import { withTexts } from '../../../lambda/answers/answer-text.ts'
import { SetupError } from '../../../lambda/errors.ts'
import { missingFacts } from '../../../lambda/jobs/answer-facts.ts'

const ANSWER = withTexts(
  missingFacts(
    { bucket: 'b', prefix: 'incoming/ü/', since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' },
    { commandOptions: '' },
  ),
)
const TIMEOUTS = { connectMs: 500, headersMs: 200, bodyMs: 200, attemptMs: 1_000 }

interface Received {
  readonly request: IncomingMessage
  readonly body: string
}

const received: Received[] = []
let respond: (response: ServerResponse) => void
let url: string
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    received.push({ request, body: Buffer.concat(chunks).toString() })
    respond(response)
  })
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(() => {
  received.length = 0
})

const push = (key?: () => Promise<string>, path = '/hooks/km?team=data') =>
  answerWebhook(new URL(path, url), key, TIMEOUTS).push(ANSWER)

describe('what the answer of the receiver means', () => {
  test.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [301, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
    [408, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ])('%i: %s', async (status, kind) => {
    respond = (response) => response.writeHead(status, { location: `${url}/elsewhere` }).end()
    expect(await push()).toMatchObject({ kind })
    expect(received).toHaveLength(1) // a redirect is not followed
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['no answer in time', () => undefined],
    ['a closed connection', (response) => response.destroy()],
  ])('%s: tried again later', async (_name, act) => {
    respond = act
    expect(await push()).toMatchObject({ kind: 'failed' })
  })

  test('a receiver that does not listen: tried again later', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    const webhook = answerWebhook(new URL(`http://127.0.0.1:${port}/`), undefined, TIMEOUTS)
    expect(await webhook.push(ANSWER)).toEqual({ kind: 'failed', code: 'ECONNREFUSED' })
  })
})

test('the answer arrives as JSON at the whole address', async () => {
  respond = (response) => response.end()
  await push()
  const [{ request, body }] = received as [Received]
  expect(request).toMatchObject({ method: 'POST', url: '/hooks/km?team=data' })
  expect(request.headers['content-type']).toBe('application/json')
  expect(JSON.parse(body)).toEqual(ANSWER)
  expect(request.headers).not.toHaveProperty('x-kissmetrics-importer-signature')
})

test('with a key, the body is signed, so that a receiver knows who has sent it', async () => {
  respond = (response) => response.end()
  await push(() => Promise.resolve('secret'))
  const [{ request, body }] = received as [Received]
  const expected = createHmac('sha256', 'secret').update(body).digest('hex')
  expect(request.headers['x-kissmetrics-importer-signature']).toBe(`sha256=${expected}`)
})

test('without its key, nothing is sent', async () => {
  const missing = () => Promise.reject(new SetupError('The secret does not exist.'))
  expect(await push(missing)).toEqual({ kind: 'setup', code: 'setup_error', detail: 'The secret does not exist.' })
  expect(received).toEqual([])
})
