import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { startKissmetricsEmulator, type KissmetricsEmulator } from '../../emulators/kissmetrics/server.ts'
import { startSns, type SnsEmulator } from '../../emulators/sns/server.ts'
import type { FileAnswer } from '../../lambda/answers/file-answer.ts'
import { EXPECTED_SCHEMA } from '../../lambda/keys.ts'
import { API_KEY } from '../support/installation.ts'
import { InvokedImporter } from '../support/invoked-importer.ts'

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:answers'
const GOOD = '{"_p":"ann@example.com","_t":1393344604,"_n":"Signed up"}'
const IN_MILLISECONDS = '{"_p":"bob@example.com","_t":1393344604000,"_n":"Signed up"}'
const MERGES = Array.from({ length: 12 }, (_, n) => `{"_p":"p${n}@example.com","_t":1393344604,"_p2":"shared@example.com"}`)

// The whole importer with the real SDK: S3, SQS, SNS, Kissmetrics and a webhook, each behind a real socket.
const running = new AsyncDisposableStack()
const posted: FileAnswer[] = []
const logged: string[] = []
let statuses: number[] = []
let secondsLater = 0
let sns: SnsEmulator
let kissmetrics: KissmetricsEmulator
let importer: InvokedImporter
beforeAll(async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-answers-'))
  running.defer(() => rm(dir, { recursive: true, force: true }))
  const webhook = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = statuses.shift() ?? 200
      if (status === 200) posted.push(JSON.parse(Buffer.concat(chunks).toString()) as FileAnswer)
      response.writeHead(status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(webhook, 'listening')
  running.defer(() => {
    webhook.close()
    webhook.closeAllConnections()
  })
  kissmetrics = running.adopt(await startKissmetricsEmulator({ apiKey: API_KEY, dir }), (server) => server.stop())
  sns = running.adopt(await startSns({ topics: [TOPIC] }), (server) => server.stop())
  const log = (sentence: string, facts: object): void => void logged.push(`${sentence} ${JSON.stringify(facts)}`)
  importer = running.use(
    await InvokedImporter.start({
      log: { info: log, warn: log, error: log, count: () => undefined },
      env: {
        KM_ENDPOINT: kissmetrics.url,
        KM_API_KEY: API_KEY,
        KM_ANSWER_TOPIC: TOPIC,
        KM_ANSWER_WEBHOOK: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/km`,
        KM_STACK: 'Importer',
      },
      now: () => Date.now() + secondsLater * 1000,
      onAnswer: () => undefined,
    }),
  )
  process.env['AWS_ENDPOINT_URL_SNS'] = sns.url // after the start, which removes what the user has set
})
afterAll(() => running.disposeAsync())

async function deliverAll(): Promise<void> {
  while (await importer.deliver());
}

async function upload(key: string, ...lines: readonly string[]): Promise<void> {
  await importer.services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: lines.join('\n') }))
}

test('a file is answered by e-mail and webhook, and an answer that failed is tried again', async () => {
  statuses = [500]
  await upload('incoming/march.jsonl', GOOD, GOOD.replace('ann', 'cat'), IN_MILLISECONDS)
  await deliverAll()
  expect(sns.published.map(({ subject }) => subject)).toEqual([
    'march.jsonl: done, 2 delivered, 1 rejected (timestamp in milliseconds)',
  ])
  expect(posted).toEqual([]) // it has answered 500
  secondsLater += 31
  await deliverAll()
  expect(posted.map(({ subject }) => subject)).toEqual(sns.published.map(({ subject }) => subject))
  expect(sns.published).toHaveLength(1)
  expect(JSON.parse(sns.published[0]!.attributes['answer']!)).toEqual(posted[0])
  expect(posted[0]?.commands).toEqual(['npx km-import rejects pull --key incoming/march.jsonl -o rejects.jsonl --stack Importer'])
})

test('a held file and an expected file that did not come are answered', async () => {
  await upload('incoming/accounts.jsonl', ...MERGES)
  await importer.send({ schema: EXPECTED_SCHEMA, bucket: BUCKET, prefix: 'incoming/daily/', withinSeconds: 3_600, at: new Date().toISOString() }) // prettier-ignore
  await deliverAll()
  expect(posted.map(({ state }) => state).toSorted()).toEqual(['complete-with-rejects', 'held', 'missing'])
})

test('a file that has come is not missed', async () => {
  await upload('incoming/daily/1.jsonl', GOOD)
  const until = new Date(Date.now() + 60_000).toISOString()
  await importer.send({ schema: EXPECTED_SCHEMA, bucket: BUCKET, prefix: 'incoming/daily/', withinSeconds: 3_600, at: until })
  await deliverAll()
  expect(posted.filter(({ state }) => state === 'missing')).toHaveLength(1)
  expect(posted.at(-1)?.file?.key).toBe('incoming/daily/1.jsonl')
})

test('no answer and no log line contains an identity, the key, or the text of a line', () => {
  const everything = JSON.stringify([sns.published, posted, logged])
  expect(everything).toContain('accounts.jsonl')
  for (const secret of ['@example.com', API_KEY, '1393344604']) expect(everything).not.toContain(secret)
})
