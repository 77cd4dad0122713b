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
import { parsePlaces } from '../../../lambda/settings/places.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { Leased, ListPosition } from '../../../lambda/ports.ts'

const BUCKET = 'documents'
const PLACES = parsePlaces(undefined, BUCKET)
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

test('a report of a newer version does not count as missing', async () => {
  const report = { schema: 'kissmetrics-importer/report/v2' } as unknown as Report
  await s3Reports(s3Client()).replace(BUCKET, 'reports/newer', report, undefined)
  await expect(s3Reports(s3Client()).find(BUCKET, 'reports/newer')).rejects.toThrow(
    'reports/newer was written by a newer version of the importer.',
  )
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
  for await (const page of s3Listing(s3, PLACES, 'b').pages()) files.push(...page)
  expect(files).toMatchObject([
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[1], bytes: 2 }, isLatest: true },
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[0], bytes: 1 }, isLatest: false },
  ])
  const rest = []
  const after = { key: 'incoming/a.json', versionId: versions[1] ?? '' }
  for await (const page of s3Listing(s3, PLACES, 'b').pages(after)) rest.push(...page)
  expect(rest).toEqual(files.slice(1))
})

test('the reports are listed from a key on, that key included', async () => {
  for (const key of ['a', 'b', 'c/c', 'd'])
    await s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: `reports/list/${key}/report.json`, Body: '1' }))
  const found = []
  for await (const page of s3Listing(s3Client(), PLACES, BUCKET).reportsFrom('reports/list/b/report.json')) found.push(...page)
  expect(found.filter(({ key }) => key.startsWith('reports/list/'))).toEqual(
    ['b', 'c/c', 'd'].map((key) => ({ key: `reports/list/${key}/report.json`, writtenAt: expect.any(Date) })),
  )
})

describe('the listing of several places', () => {
  const places = parsePlaces(`s3://${BUCKET}/listed/,s3://shared/km/a,s3://shared/other/`, BUCKET)
  const keys = [`${BUCKET}/listed/1`, `${BUCKET}/listed/2`, 'shared/km/a 1', 'shared/km/a2', 'shared/other/3']
  const listed = async (after?: ListPosition) => {
    const found = []
    for await (const page of s3Listing(s3Client(), places, 'b').pages(after))
      found.push(...page.map(({ file: { bucket, key } }) => `${bucket}/${key}`))
    return found
  }
  beforeAll(async () => {
    await s3Client().send(new CreateBucketCommand({ Bucket: 'shared' }))
    for (const path of [...keys, 'shared/km/b', 'shared/elsewhere/4']) {
      const [Bucket = '', ...key] = path.split('/')
      await s3Client().send(new PutObjectCommand({ Bucket, Key: key.join('/'), Body: '1' }))
    }
  })

  test('contains what is in them, and nothing else', async () => {
    expect(await listed()).toEqual(keys)
  })

  // prettier-ignore
  test.each<[string, ListPosition, readonly string[]]>([
    //  after                                  the position                                             contains
    ['an object of the first place',           { bucket: BUCKET, key: 'listed/2', versionId: 'null' },  keys.slice(2)],
    ['an object of another place',             { bucket: 'shared', key: 'km/a 1', versionId: 'null' },  keys.slice(3)],
    ['the last object',                        { bucket: 'shared', key: 'other/3', versionId: 'null' }, []],
    ['an object of a place that was removed',  { bucket: 'removed', key: 'km/a', versionId: 'null' },   keys],
    ['a position of an older version',         { key: 'listed/2', versionId: 'null' },                  keys.slice(2)],
  ])('after %s contains the rest', async (_what, after, rest) => {
    expect(await listed(after)).toEqual(rest)
  })
})

test.each([
  ['a place without a bucket', 's3:///a/'],
  ['a place that is a path', 'shared/km/'],
])('%s is refused', (_what, text) => {
  expect(() => parsePlaces(text, BUCKET)).toThrow(`KM_SOURCES contains "${text}": expected s3://BUCKET/PREFIX.`)
})

test('reports and checkpoints of a file in another bucket are in the bucket of the importer', async () => {
  const file = { bucket: 'shared', key: 'checkpoints/km/a' }
  const report = { schema: 'x', state: 'complete', lines: {} } as unknown as Report
  await s3Reports(s3Client(), BUCKET).replace('shared', 'reports/km/a', report, undefined)
  await s3Checkpoints(s3Client(), BUCKET).put(file, leased('a'), undefined)
  expect((await s3Reports(s3Client()).find(BUCKET, 'reports/km/a'))?.report).toEqual(report)
  expect((await s3Checkpoints(s3Client()).find({ ...file, bucket: BUCKET }))?.value).toEqual(leased('a'))
  expect(await s3Reports(s3Client()).find('shared', 'reports/km/a')).toBeUndefined()
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
