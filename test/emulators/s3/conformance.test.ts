import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  type GetObjectCommandInput,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startS3 } from '../../../emulators/s3/server.ts'
import { HAS_MOTO, startMoto } from '../../support/moto.ts'

interface Server {
  readonly url: string
  stop(): Promise<void>
}

async function startOurs(): Promise<Server> {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-s3-'))
  const server = await startS3({ dir })
  return {
    url: server.url,
    stop: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The same checks for every S3: where two implementations differ, one of them differs from AWS. */
function conformance(start: () => Promise<Server>): void {
  let server: Server
  let s3: S3Client
  const Bucket = 'conformance'
  beforeAll(async () => {
    server = await start()
    s3 = new S3Client({
      endpoint: server.url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: 'x', secretAccessKey: 'y' },
    })
    await s3.send(new CreateBucketCommand({ Bucket }))
  })
  afterAll(async () => {
    s3.destroy()
    await server.stop()
  })

  const put = (Key: string, Body: string | Buffer | Readable, more: Partial<PutObjectCommandInput> = {}) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
  const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }))
  const textOf = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
    (await get(Key, more)).Body?.transformToString()
  const refusal = (name: string, status: number) => ({
    name,
    $metadata: expect.objectContaining({ httpStatusCode: status }) as unknown,
  })

  test('an object is returned as it was put, with type and metadata', async () => {
    await put('plain', 'hello', { ContentType: 'application/json', Metadata: { origin: 'here' } })
    const { Body, ETag, ContentLength, ContentType, Metadata, LastModified } = await get('plain')
    expect(await Body?.transformToString()).toBe('hello')
    expect({ ETag, ContentLength, ContentType, Metadata }).toEqual({
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      ContentLength: 5,
      ContentType: 'application/json',
      Metadata: { origin: 'here' },
    })
    expect(LastModified).toBeInstanceOf(Date)
  })

  test.each(['a b+c%é&<>"\'.json', 'deep/er//still', '名/🎉', '.', 'a?b#c', 'plus+plus', 'x'.repeat(1_024)])(
    'the key %j',
    async (key) => {
      await put(key, key)
      expect(await textOf(key)).toBe(key)
    },
  )

  test('a stream, and an empty body', async () => {
    await put('stream', Readable.from([Buffer.alloc(300_000, 'a'), Buffer.alloc(300_000, 'b')]), { ContentLength: 600_000 })
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream' }))).ContentLength).toBe(600_000)
    await put('nothing', Buffer.alloc(0))
    expect(await textOf('nothing')).toBe('')
  })

  // prettier-ignore
  test.each([
    //  range           bytes         content-range
    [ 'bytes=2-4',      '234',        'bytes 2-4/10' ],
    [ 'bytes=5-',       '56789',      'bytes 5-9/10' ],
    [ 'bytes=-3',       '789',        'bytes 7-9/10' ],
    [ 'bytes=-100',     '0123456789', 'bytes 0-9/10' ],
    [ 'bytes=8-99',     '89',         'bytes 8-9/10' ],
    [ 'bytes=0-0',      '0',          'bytes 0-0/10' ],
  ])('the range %s', async (Range, bytes, whole) => {
    await put('digits', '0123456789')
    const { Body, ContentRange } = await get('digits', { Range })
    expect(await Body?.transformToString()).toBe(bytes)
    expect(ContentRange).toBe(whole)
  })

  test('a range beyond the end is rejected', async () => {
    await put('digits', '0123456789')
    await expect(get('digits', { Range: 'bytes=10-' })).rejects.toMatchObject(refusal('InvalidRange', 416))
  })

  test('conditional reads and writes', async () => {
    const { ETag } = await put('conditional', 'one')
    expect(await textOf('conditional', { IfMatch: ETag })).toBe('one')
    await expect(get('conditional', { IfMatch: '"other"' })).rejects.toMatchObject(refusal('PreconditionFailed', 412))
    await expect(get('conditional', { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: expect.objectContaining({ httpStatusCode: 304 }) as unknown,
    })
    await expect(put('conditional', 'two', { IfNoneMatch: '*' })).rejects.toMatchObject(refusal('PreconditionFailed', 412))
    await expect(put('conditional', 'two', { IfMatch: '"other"' })).rejects.toMatchObject(refusal('PreconditionFailed', 412))
    await put('conditional', 'two', { IfMatch: ETag })
    await put('conditional-new', 'one', { IfNoneMatch: '*' })
    expect(await textOf('conditional')).toBe('two')
  })

  test('missing buckets, keys and versions', async () => {
    await expect(get('missing')).rejects.toMatchObject(refusal('NoSuchKey', 404))
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'missing' }))).rejects.toMatchObject(refusal('NotFound', 404))
    await expect(s3.send(new GetObjectCommand({ Bucket: 'no-such-bucket', Key: 'x' }))).rejects.toMatchObject(
      refusal('NoSuchBucket', 404),
    )
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'missing' })) // succeeds
  })

  test('a multipart upload', async () => {
    const part = Buffer.alloc(5 * 1_048_576, 'p')
    const { ETag } = await new Upload({
      client: s3,
      partSize: part.length,
      params: { Bucket, Key: 'parts', Body: Readable.from([part, part, 'end']) },
    }).done()
    expect(ETag).toMatch(/-3"$/)
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'parts' }))).ContentLength).toBe(2 * part.length + 3)
    expect(await textOf('parts', { Range: `bytes=${2 * part.length - 1}-` })).toBe('pend')
  })

  test('parts: listed, out of order, too small, aborted', async () => {
    const Key = 'by-hand'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    const part = async (PartNumber: number) => ({
      PartNumber,
      ETag: (await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'small' }))).ETag,
    })
    const parts = [await part(1), await part(2)]
    expect((await s3.send(new ListPartsCommand(upload))).Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5],
      [2, 5],
    ])
    const complete = (Parts: typeof parts) =>
      s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    await expect(complete(parts)).rejects.toMatchObject(refusal('EntityTooSmall', 400))
    await expect(complete([{ PartNumber: 9, ETag: '"0"' }])).rejects.toMatchObject(refusal('InvalidPart', 400))
    await s3.send(new AbortMultipartUploadCommand(upload))
    await expect(s3.send(new ListPartsCommand(upload))).rejects.toMatchObject(refusal('NoSuchUpload', 404))
  })

  test('listing: sorted, in pages, with common prefixes', async () => {
    for (const key of ['l/1', 'l/2', 'l/x/1', 'l/x/2', 'l/y é/1', 'l/z']) await put(key, 'x')
    const seen: string[] = []
    let token: string | undefined
    do {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: 'l/',
          Delimiter: '/',
          MaxKeys: 2,
          ...(token !== undefined && { ContinuationToken: token }),
        }),
      )
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key ?? ''),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
      )
      token = page.NextContinuationToken
    } while (token !== undefined)
    expect(seen.toSorted()).toEqual(['l/1', 'l/2', 'l/x/', 'l/y é/', 'l/z'])
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', StartAfter: 'l/x/1' }))
    expect(Contents?.map(({ Key }) => Key)).toEqual(['l/x/2', 'l/y é/1', 'l/z'])
  })

  test('copy, and delete one or many', async () => {
    await put('c/from é', 'copied', { Metadata: { a: 'b' } })
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'c/to', CopySource: `${Bucket}/${encodeURIComponent('c/from é')}` }))
    const { Body, Metadata } = await get('c/to')
    expect(await Body?.transformToString()).toBe('copied')
    expect(Metadata).toEqual({ a: 'b' })
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'c/from é' }, { Key: 'c/to' }] } }))
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'c/' }))).KeyCount).toBe(0)
  })

  describe('tags', () => {
    const tag = (Key: string, Tags: Readonly<Record<string, string>>, more: { readonly VersionId?: string } = {}) =>
      s3.send(
        new PutObjectTaggingCommand({
          Bucket,
          Key,
          Tagging: { TagSet: Object.entries(Tags).map(([name, Value]) => ({ Key: name, Value })) },
          ...more,
        }),
      )
    const tagsOf = async (Key: string) => {
      const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))
      return Object.fromEntries(TagSet.map(({ Key: name = '', Value }) => [name, Value]))
    }

    test('are set all together, read and deleted', async () => {
      await put('t/a', 'a')
      expect(await tagsOf('t/a')).toEqual({})
      await tag('t/a', { 'km-import': 'release', 'a b=c': 'x+y@z' })
      expect(await tagsOf('t/a')).toEqual({ 'km-import': 'release', 'a b=c': 'x+y@z' })
      await tag('t/a', { other: '' })
      expect(await tagsOf('t/a')).toEqual({ other: '' })
      await s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 't/a' }))
      expect(await tagsOf('t/a')).toEqual({})
    })

    test('are copied with the object, and not kept by one that replaces it', async () => {
      await put('t/b', 'b')
      await tag('t/b', { x: '1' })
      await s3.send(new CopyObjectCommand({ Bucket, Key: 't/c', CopySource: `${Bucket}/t/b` }))
      expect(await tagsOf('t/c')).toEqual({ x: '1' })
      await put('t/b', 'other')
      expect(await tagsOf('t/b')).toEqual({})
    })

    test('belong to one version', async () => {
      const versioned = { Bucket: 'versioned-tags', Key: 'k' }
      await s3.send(new CreateBucketCommand({ Bucket: versioned.Bucket }))
      await s3.send(new PutBucketVersioningCommand({ Bucket: versioned.Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
      const { VersionId = '' } = await s3.send(new PutObjectCommand({ ...versioned, Body: 'one' }))
      await s3.send(new PutObjectCommand({ ...versioned, Body: 'two' }))
      const TagSet = [{ Key: 'x', Value: '1' }]
      await s3.send(new PutObjectTaggingCommand({ ...versioned, VersionId, Tagging: { TagSet } }))
      expect(await s3.send(new GetObjectTaggingCommand({ ...versioned, VersionId }))).toMatchObject({ TagSet, VersionId })
      expect(await s3.send(new GetObjectTaggingCommand(versioned))).toMatchObject({ TagSet: [] })
    })

    // prettier-ignore
    test.each<[string, Readonly<Record<string, string>>, string]>([
      ['eleven',           Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`k${n}`, 'v'])), 'BadRequest'],
      ['a name of AWS',    { 'aws:x': 'v' },        'InvalidTag'],
      ['a long name',      { ['x'.repeat(129)]: '' }, 'InvalidTag'],
      ['a long value',     { x: 'y'.repeat(257) },  'InvalidTag'],
      ['a character',      { x: 'a&b' },            'InvalidTag'],
    ])('are refused: %s', async (_what, tags, name) => {
      await put('t/d', 'd')
      await expect(tag('t/d', tags)).rejects.toMatchObject(refusal(name, 400))
      expect(await tagsOf('t/d')).toEqual({})
    })

    test('of an object that does not exist are an error', async () => {
      await expect(tagsOf('t/none')).rejects.toMatchObject(refusal('NoSuchKey', 404))
      await expect(tag('t/none', { x: '1' })).rejects.toMatchObject(refusal('NoSuchKey', 404))
    })
  })

  test('versions: each can be read; a delete marker hides them, and can be removed', async () => {
    const versioned = { Bucket: 'versioned', Key: 'k' }
    await s3.send(new CreateBucketCommand({ Bucket: 'versioned' }))
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status: 'Enabled' } }))
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'versioned' }))).Status).toBe('Enabled')
    const first = await s3.send(new PutObjectCommand({ ...versioned, Body: 'one' }))
    const second = await s3.send(new PutObjectCommand({ ...versioned, Body: 'two' }))
    const read = async (VersionId?: string) =>
      (
        await s3.send(new GetObjectCommand({ ...versioned, ...(VersionId !== undefined && { VersionId }) }))
      ).Body?.transformToString()
    expect([await read(), await read(first.VersionId), await read(second.VersionId)]).toEqual(['two', 'one', 'two'])
    const marker = await s3.send(new DeleteObjectCommand(versioned))
    expect(marker.DeleteMarker).toBe(true)
    await expect(read()).rejects.toMatchObject(refusal('NoSuchKey', 404))
    expect(await read(first.VersionId)).toBe('one')
    await s3.send(
      new DeleteObjectCommand({ ...versioned, ...(marker.VersionId !== undefined && { VersionId: marker.VersionId }) }),
    )
    expect(await read()).toBe('two')
    const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }))
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second.VersionId, true],
      [first.VersionId, false],
    ])
  })
}

describe('the S3 emulator', () => {
  conformance(startOurs)
})

const describeMoto = HAS_MOTO ? describe : describe.skip
describeMoto('moto', () => {
  conformance(startMoto)
})
