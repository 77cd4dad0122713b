import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type QueueConfiguration,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startS3, type S3Emulator } from '../../../emulators/s3/server.ts'
import { eventually } from '../../support/installation.ts'

const Bucket = 'bucket'
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:import'

let dir: string
let running: S3Emulator[]
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-s3-'))
  running = []
})
afterEach(async () => {
  for (const server of running) await server.stop()
  await rm(dir, { recursive: true, force: true })
})

async function start(onEvent?: (arn: string, body: string) => Promise<void>): Promise<S3Emulator> {
  const server = await startS3({ dir, ...(onEvent && { onEvent }) })
  running.push(server)
  return server
}

async function stop(server: S3Emulator): Promise<void> {
  running = running.filter((other) => other !== server)
  await server.stop()
}

function client({ url }: { readonly url: string }): S3Client {
  return new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
  })
}

async function textOf(s3: S3Client, Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(VersionId !== undefined && { VersionId }) }))
  return Body?.transformToString()
}

function notify(s3: S3Client, ...configurations: readonly QueueConfiguration[]) {
  return s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations: [...configurations] },
    }),
  )
}

function to(suffix: string, prefix = 'incoming/'): QueueConfiguration {
  const FilterRules = [
    { Name: 'prefix' as const, Value: prefix },
    { Name: 'suffix' as const, Value: suffix },
  ]
  return { QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'], Filter: { Key: { FilterRules } } }
}

describe('what it does not support is rejected and changes nothing', () => {
  // prettier-ignore
  test.each<[string, (s3: S3Client) => Promise<unknown>]>([
    //  requested             by
    [ 'access control',       (s3) => s3.send(new PutObjectAclCommand({ Bucket, Key: 'k', ACL: 'public-read' })) ],
    [ 'public access',        (s3) => s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: {} })) ],
    [ 'a tag with an object', (s3) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'other', Tagging: 'a=b' })) ],
    [ 'a key of one’s own',   (s3) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'other', SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'x' })) ],
    [ 'an unknown checksum',  (s3) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'other', ChecksumCRC32C: 'AAAAAA==' })) ],
    [ 'another type',         (s3) => s3.send(new GetObjectCommand({ Bucket, Key: 'k', ResponseContentType: 'text/html' })) ],
  ])('%s', async (_what, ask) => {
    const s3 = client(await start())
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'kept' }))
    await expect(ask(s3)).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } })
    expect(await textOf(s3, 'k')).toBe('kept')
  })

  test('a notification to anything but a queue', async () => {
    const s3 = client(await start())
    await s3.send(new CreateBucketCommand({ Bucket }))
    const NotificationConfiguration = { EventBridgeConfiguration: {} }
    await expect(
      s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration })),
    ).rejects.toMatchObject({ name: 'NotImplemented' })
  })

  test('two notifications that both match a key', async () => {
    const s3 = client(await start())
    await s3.send(new CreateBucketCommand({ Bucket }))
    await expect(notify(s3, to('.json'), to('n', 'incoming/deep/'))).rejects.toMatchObject({ name: 'InvalidArgument' })
    await notify(s3, to('.json'), to('.json.gz'))
  })

  test('a body that does not match its checksum', async () => {
    const s3 = client(await start())
    await s3.send(new CreateBucketCommand({ Bucket }))
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' })),
    ).rejects.toMatchObject({ name: 'BadDigest' })
    expect(await readdir(path.join(dir, 'blobs'))).toEqual([])
  })
})

test('it listens on loopback only, and reports a port in use', async () => {
  const server = await start()
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await expect(startS3({ dir: path.join(dir, 'other'), port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('it promises no end of an idle connection: an upload as a stream cannot be repeated on another one', async () => {
  const { headers } = await fetch((await start()).url)
  expect(headers.get('keep-alive')).toBeNull() // Node's default is `timeout=5`
})

describe('everything that was answered survives a restart', () => {
  test('objects, versions, settings', async () => {
    const before = await start()
    const s3 = client(before)
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'one', Metadata: { m: '1' } }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'two' }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'b' }))
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b' }))
    await stop(before)
    const again = client(await start())
    expect([await textOf(again, 'a'), await textOf(again, 'a', VersionId)]).toEqual(['two', 'one'])
    const { Metadata } = await again.send(
      new HeadObjectCommand({ Bucket, Key: 'a', ...(VersionId !== undefined && { VersionId }) }),
    )
    expect(Metadata).toEqual({ m: '1' })
    await expect(textOf(again, 'b')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  test('an undelivered event', async () => {
    const before = await start(() => Promise.reject(new Error('the queue is away')))
    const s3 = client(before)
    await s3.send(new CreateBucketCommand({ Bucket }))
    await notify(s3, to('.json'))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'incoming/a b+é.json', Body: '{}' }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'incoming/a.txt', Body: '{}' }))
    await stop(before)
    const delivered: string[] = []
    await start((arn, body) => {
      expect(arn).toBe(QUEUE)
      delivered.push(body)
      return Promise.resolve()
    })
    await eventually('the event', () => Promise.resolve(delivered.length === 2 ? true : undefined))
    expect(JSON.parse(delivered[0] ?? '')).toMatchObject({ Event: 's3:TestEvent' })
    expect(JSON.parse(delivered[1] ?? '')).toMatchObject({
      Records: [
        {
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          s3: { bucket: { name: Bucket }, object: { key: 'incoming/a+b%2B%C3%A9.json', size: 2 } },
        },
      ],
    })
  })

  test('a crash during an upload leaves no partial object and no file behind', async () => {
    const script = `import { startS3 } from ${JSON.stringify(path.join(import.meta.dirname, '../../../emulators/s3/server.ts'))}
      const server = await startS3({ dir: ${JSON.stringify(dir)} }); console.log(server.url)`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
    const s3 = client({ url })
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'whole', Body: 'whole' }))
    const upload = httpRequest(`${url}/${Bucket}/half`, { method: 'PUT', headers: { 'content-length': 1_000_000 } })
    upload.on('error', () => undefined)
    upload.write(Buffer.alloc(500_000))
    await eventually('two files', async () => ((await readdir(path.join(dir, 'blobs'))).length === 2 ? true : undefined))
    child.kill('SIGKILL')
    await once(child, 'close')
    const again = client(await start())
    expect(await textOf(again, 'whole')).toBe('whole')
    await expect(textOf(again, 'half')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await readdir(path.join(dir, 'blobs'))).toHaveLength(1)
  })
})

test('a tag sends an event where one is configured, with the version and without a size', async () => {
  const delivered: string[] = []
  const s3 = client(await start((_arn, body) => Promise.resolve(void delivered.push(body))))
  await s3.send(new CreateBucketCommand({ Bucket }))
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  await notify(s3, to('.json'), { ...to('.json'), Events: ['s3:ObjectTagging:Put'] })
  const { VersionId: versionId, ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'incoming/a.json', Body: '{}' }))
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] }
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'incoming/a.json', Tagging }))
  await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'incoming/a.json' }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'incoming/b.json', Body: '{}' }))
  const events = await eventually('all events', () => Promise.resolve(delivered.length === 4 ? delivered : undefined))
  const records = events.flatMap(
    (body) => (JSON.parse(body) as { Records?: { eventName: string; s3: { object: unknown } }[] }).Records ?? [],
  )
  expect(records.map(({ eventName }) => eventName)).toEqual(['ObjectCreated:Put', 'ObjectTagging:Put', 'ObjectCreated:Put'])
  expect(records[1]?.s3.object).toEqual({ key: 'incoming/a.json', eTag: ETag?.replaceAll('"', ''), versionId })
})

describe('faults that a test can inject', () => {
  test('a body that is cut off, a busy service, an event that is delivered twice', async () => {
    const delivered: string[] = []
    const server = await start((_arn, body) => Promise.resolve(void delivered.push(body)))
    const s3 = client(server)
    await s3.send(new CreateBucketCommand({ Bucket }))
    await notify(s3, to('.json'))
    server.faults.sendEventsTwice = 1
    await s3.send(new PutObjectCommand({ Bucket, Key: 'incoming/a.json', Body: 'x'.repeat(1_000) }))
    await eventually('both events', () =>
      Promise.resolve(delivered.filter((body) => body.includes('incoming/a.json')).length === 2 ? true : undefined),
    )
    server.faults.cutBodyAt = 10
    await expect(textOf(s3, 'incoming/a.json')).rejects.toThrow()
    server.faults.slowDown = 1
    await expect(textOf(s3, 'incoming/a.json')).rejects.toMatchObject({ name: 'SlowDown' })
    expect(await textOf(s3, 'incoming/a.json')).toHaveLength(1_000)
  })
})

test('any range of any object returns exactly these bytes', async () => {
  const s3 = client(await start())
  await s3.send(new CreateBucketCommand({ Bucket }))
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
      fc.nat(2_500),
      fc.nat(2_500),
      async (bytes, first, length) => {
        await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: bytes }))
        const get = s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: `bytes=${first}-${first + length}` }))
        if (first >= bytes.length) {
          await expect(get).rejects.toMatchObject({ name: 'InvalidRange' })
          return
        }
        const part = await (await get).Body?.transformToByteArray()
        expect(Buffer.from(part ?? []).equals(Buffer.from(bytes.subarray(first, first + length + 1)))).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})
