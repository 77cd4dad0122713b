import { mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startS3 } from '../../../emulators/s3/server.ts'
import { s3Client } from '../../../lambda/adapters/s3-client.ts'
import { s3Checkpoints, s3Reports } from '../../../lambda/adapters/s3-documents.ts'
import { s3Listing } from '../../../lambda/adapters/s3-objects.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { Leased } from '../../../lambda/ports.ts'

const BUCKET = 'documents'
let dir: string
let server: Awaited<ReturnType<typeof startS3>>

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-documents-'))
  server = await startS3({ dir })
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })
  await s3Client().send(new CreateBucketCommand({ Bucket: BUCKET }))
  await s3Client().send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }))
})
afterAll(async () => {
  await server.stop()
  await rm(dir, { recursive: true, force: true })
})

const leased = (run: string): Leased<object> => ({ leaseHolder: { run, serial: 1, until: 0 } })

describe('a checkpoint is only replaced by a process that has read the last one', () => {
  const checkpoints = () => s3Checkpoints(s3Client())

  test('the first write, a second one, and one that is too late', async () => {
    const key = { bucket: BUCKET, key: 'checkpoints/a.json' }
    expect(await checkpoints().find(key)).toBeUndefined()
    const first = await checkpoints().put(key, leased('a'), undefined)
    expect(first).toMatch(/^".+"$/)
    expect(await checkpoints().put(key, leased('b'), undefined)).toBeUndefined()
    expect(await checkpoints().find(key)).toMatchObject({ value: leased('a'), tag: first })
    const second = await checkpoints().put(key, leased('b'), first)
    expect(await checkpoints().put(key, leased('c'), first)).toBeUndefined()
    expect(await checkpoints().find(key)).toMatchObject({ value: leased('b'), tag: second })
  })

  test('of many simultaneous first writes, one succeeds', async () => {
    const key = { bucket: BUCKET, key: 'checkpoints/race.json' }
    const tags = await Promise.all(Array.from({ length: 8 }, (_, run) => checkpoints().put(key, leased(`run-${run}`), undefined)))
    expect(tags.filter((tag) => tag !== undefined)).toHaveLength(1)
  })

  test('a document that does not exist is not replaced', async () => {
    expect(await checkpoints().put({ bucket: BUCKET, key: 'checkpoints/none.json' }, leased('a'), '"x"')).toBeUndefined()
  })

  test('a document that is not JSON is found, without a value', async () => {
    await s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: 'checkpoints/cut.json', Body: '{"watermark":' }))
    expect(await checkpoints().find({ bucket: BUCKET, key: 'checkpoints/cut.json' })).toMatchObject({ value: undefined })
  })
})

test('a progress report never replaces a report that another run has written', async () => {
  const reports = s3Reports(s3Client())
  const report = (state: string) => ({ schema: 's', state, lines: {} }) as unknown as Report
  const tag = await reports.replace(BUCKET, 'reports/a', report('importing'), undefined)
  await reports.replace(BUCKET, 'reports/a', report('complete'), tag)
  expect(await reports.replace(BUCKET, 'reports/a', report('importing'), tag)).toBeUndefined()
  expect((await reports.find(BUCKET, 'reports/a'))?.report.state).toBe('complete')
})

test('the listing contains every version of every file under incoming/', async () => {
  const s3 = s3Client()
  const versions: string[] = []
  for (const body of ['1', '22']) {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'incoming/a.json', Body: body }))
    versions.push(VersionId)
  }
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'elsewhere/a.json', Body: '1' }))
  const files = []
  for await (const page of s3Listing(s3, BUCKET).pages()) files.push(...page)
  expect(files).toMatchObject([
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[1], bytes: 2 }, isLatest: true },
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[0], bytes: 1 }, isLatest: false },
  ])
  const rest = []
  const after = { key: 'incoming/a.json', versionId: versions[1] ?? '' }
  for await (const page of s3Listing(s3, BUCKET).pages(after)) rest.push(...page)
  expect(rest).toEqual(files.slice(1))
})

// prettier-ignore
test.each([
  //  S3 answers a conditional write with            status
  [ 'PreconditionFailed',                            412 ],
  [ 'ConditionalRequestConflict',                    409 ],
  [ 'NoSuchKey',                                     404 ],
])('%s means that another write came first', async (code, status) => {
  const refusing = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code><Message>no</Message></Error>`)
    })
  }).listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const { port } = refusing.address() as AddressInfo
  const client = new S3Client({ endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true, maxAttempts: 1 })
  const key = { bucket: BUCKET, key: 'checkpoints/a.json' }
  expect(await s3Checkpoints(client).put(key, leased('a'), '"tag"')).toBeUndefined()
  expect(await s3Reports(client).replace(BUCKET, 'reports/a', { state: 'complete' } as Report, '"tag"')).toBeUndefined()
  client.destroy()
  refusing.close()
})
