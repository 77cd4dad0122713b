import { mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startKissmetricsEmulator, type KissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startLocalServices, type LocalServices } from '../../cli/local/services.ts'
import { TEST_WIRING } from '../support/installation.ts'

const API_KEY = 'ab'.repeat(20)

let folder: string
let services: LocalServices
let kissmetrics: KissmetricsEmulator
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-access-'))
  services = await startLocalServices(folder, 0, TEST_WIRING)
  kissmetrics = await startKissmetricsEmulator({ dir: path.join(folder, 'kissmetrics'), apiKey: API_KEY })
})
afterAll(async () => {
  await kissmetrics.stop()
  await services.stop()
  await rm(folder, { recursive: true })
})

const s3With = (credentials: LocalServices['credentials']) =>
  new S3Client({ region: 'us-east-1', endpoint: services.s3Url, forcePathStyle: true, credentials })
const sqsWith = (credentials: LocalServices['credentials']) =>
  new SQSClient({ region: 'us-east-1', endpoint: services.sqsUrl, credentials })

describe('S3 and SQS accept only requests that are signed with the credentials of the state folder', () => {
  test.each<[string, () => LocalServices['credentials']]>([
    ['another key', () => ({ ...services.credentials, accessKeyId: 'local' })],
    ['another secret', () => ({ ...services.credentials, secretAccessKey: 'local' })],
  ])('%s', async (_what, credentials) => {
    await expect(s3With(credentials()).send(new ListObjectsV2Command({ Bucket: BUCKET }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
    await expect(sqsWith(credentials()).send(new ListQueuesCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' })
  })

  test('no signature', async () => {
    expect((await fetch(`${services.s3Url}/${BUCKET}?list-type=2`)).status).toBe(403)
    expect(
      (await fetch(services.sqsUrl, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ListQueues' }, body: '{}' })).status,
    ).toBe(403)
  })

  // prettier-ignore
  test.each<[string]>([
    ['plain.json'], ['a b+c%20.json'], ["it's (a) *!.json"], ['ünï/名.json'], ['a//b/../c.json'], ['~tilde=&?.json'],
  ])('any key can be signed: %s', async (key) => {
    const s3 = s3With(services.credentials)
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'text', Metadata: { note: '  two   spaces ' } }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
    expect(await Body?.transformToString()).toBe('text')
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: key }))
    expect(Contents?.map(({ Key }) => Key)).toEqual([key])
  })
})

const NO_WEB_PAGES = /The emulator (only answers on 127\.0\.0\.1 or localhost|does not answer web pages)\./
/** A link that the user follows. */
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

describe('no emulator answers a web page', () => {
  /** `fetch` does not let a program set these headers. */
  async function answerTo(url: string, headers: Readonly<Record<string, string>>) {
    const sent = request(url, { headers }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: response.statusCode, text: await text(response) }
  }
  const addresses = (): readonly string[] => [
    `${services.s3Url}/${BUCKET}`,
    services.sqsUrl,
    `${kissmetrics.url}/summary?_k=${API_KEY}`,
    `${kissmetrics.url}/e?_k=${API_KEY}&_p=a&_n=b`,
  ]

  test.each<[string, Readonly<Record<string, string>>]>([
    ['a name that resolves to this computer', { host: 'evil.example:80' }],
    ['a name that begins like an allowed one', { host: 'localhost.evil.example' }],
    ['another site', { origin: 'https://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['an image or a form of another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this computer', { 'sec-fetch-site': 'same-site' }],
    ['a page that an emulator itself delivered', { 'sec-fetch-site': 'same-origin' }],
  ])('%s', async (_what, headers) => {
    // The text says why: without it, a request that is refused because it is not signed would pass.
    for (const address of addresses())
      expect(await answerTo(address, headers)).toEqual({ status: 403, text: expect.stringMatching(NO_WEB_PAGES) as unknown })
  })

  test('the user can open the query address of the Kissmetrics emulator, typed or by a link', async () => {
    for (const site of ['none', 'same-site', 'cross-site'])
      expect(await answerTo(kissmetrics.queryUrl, { ...NAVIGATION, 'sec-fetch-site': site })).toMatchObject({ status: 200 })
  })

  // prettier-ignore
  test.each<[string, Readonly<Record<string, string>>]>([
    ['by a name that resolves to this computer', { ...NAVIGATION, host: 'evil.example:80' }],
    ['in a frame',                               { ...NAVIGATION, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' }],
    ['by a script',                              { ...NAVIGATION, 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site' }],
  ])('but not %s', async (_what, headers) => {
    expect(await answerTo(kissmetrics.queryUrl, headers)).toEqual({
      status: 403,
      text: expect.stringMatching(NO_WEB_PAGES) as unknown,
    })
  })
})

describe('the Kissmetrics emulator accepts only its own key', () => {
  // prettier-ignore
  test.each<[string, string, number]>([
    [ 'a query with the key',          `/summary?_k=${API_KEY}`,          200 ],
    [ 'a query without a key',         '/summary',                        403 ],
    [ 'a query with another key',      `/summary?_k=${'0'.repeat(40)}`,   403 ],
    [ 'an event with the key',         `/e?_k=${API_KEY}&_p=a&_n=b`,      200 ],
    [ 'an event without a key',        '/e?_p=a&_n=b',                    403 ],
    [ 'an event with another key',     '/e?_k=123&_p=a&_n=b',             403 ],
  ])('%s', async (_what, target, status) => {
    expect((await fetch(`${kissmetrics.url}${target}`)).status).toBe(status)
  })
})
