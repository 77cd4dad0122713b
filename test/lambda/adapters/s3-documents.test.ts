import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startS3 } from '../../../emulators/s3/server.ts'
import { checkpointsIn, listingOf, reportsIn, s3Client } from '../../../lambda/adapters/s3.ts'
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

const held = (run: string): Leased<object> => ({ leaseHolder: { run, serial: 1, until: 0 } })

describe('a checkpoint is replaced by who has seen the last one, and by nobody else', () => {
  const checkpoints = () => checkpointsIn(s3Client())

  test('the first, a second, and one that comes too late', async () => {
    const place = { bucket: BUCKET, key: 'checkpoints/a.json' }
    expect(await checkpoints().find(place)).toBeUndefined()
    const first = await checkpoints().put(place, held('a'), undefined)
    expect(first).toMatch(/^".+"$/)
    expect(await checkpoints().put(place, held('b'), undefined)).toBeUndefined()
    expect(await checkpoints().find(place)).toMatchObject({ value: held('a'), tag: first })
    const second = await checkpoints().put(place, held('b'), first)
    expect(await checkpoints().put(place, held('c'), first)).toBeUndefined()
    expect(await checkpoints().find(place)).toMatchObject({ value: held('b'), tag: second })
  })

  test('of many who come at once one is let through', async () => {
    const place = { bucket: BUCKET, key: 'checkpoints/race.json' }
    const tags = await Promise.all(Array.from({ length: 8 }, (_, run) => checkpoints().put(place, held(`run-${run}`), undefined)))
    expect(tags.filter((tag) => tag !== undefined)).toHaveLength(1)
  })

  test('one that is named but is not there is not replaced', async () => {
    expect(await checkpoints().put({ bucket: BUCKET, key: 'checkpoints/none.json' }, held('a'), '"x"')).toBeUndefined()
  })

  test('one that is no JSON is found, and has no value', async () => {
    await s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: 'checkpoints/cut.json', Body: '{"mark":' }))
    expect(await checkpoints().find({ bucket: BUCKET, key: 'checkpoints/cut.json' })).toMatchObject({ value: undefined })
  })
})

test('a report of how far it is never replaces what another run has written', async () => {
  const reports = reportsIn(s3Client())
  const report = (state: string) => ({ schema: 's', state, lines: {} }) as unknown as Report
  const tag = await reports.replace(BUCKET, 'reports/a', report('importing'), undefined)
  await reports.put(BUCKET, 'reports/a', report('complete'))
  expect(await reports.replace(BUCKET, 'reports/a', report('importing'), tag)).toBeUndefined()
  expect((await reports.find(BUCKET, 'reports/a'))?.report.state).toBe('complete')
})

test('the listing has every version of every drop, page after page, and no delete marker', async () => {
  const s3 = s3Client()
  const versions: string[] = []
  for (const body of ['1', '22']) {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'incoming/a.json', Body: body }))
    versions.push(VersionId)
  }
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'elsewhere/a.json', Body: '1' }))
  const files = []
  for await (const page of listingOf(s3, BUCKET).pages()) files.push(...page)
  expect(files).toMatchObject([
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[1], bytes: 2 }, isLatest: true },
    { file: { bucket: BUCKET, key: 'incoming/a.json', versionId: versions[0], bytes: 1 }, isLatest: false },
  ])
})
