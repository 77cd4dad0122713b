import { PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { s3ObjectTags } from '../../../lambda/adapters/s3-tags.ts'
import { LocalBuckets } from '../read/local-bucket.ts'

let buckets: LocalBuckets
beforeAll(async () => {
  buckets = await LocalBuckets.start()
})
afterAll(() => buckets[Symbol.asyncDispose]())

test('the tags are those of exactly the named version', async () => {
  for (const isVersioned of [false, true]) {
    const file = await buckets.put('x', { isVersioned })
    expect(await s3ObjectTags(buckets.s3).find(file)).toEqual(new Map())
    const { bucket: Bucket, key: Key, versionId: VersionId } = file
    const Tagging = { TagSet: [{ Key: 'km-import', Value: 'release' }, { Key: 'b', Value: '' }] } // prettier-ignore
    await buckets.s3.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging }))
    expect(await s3ObjectTags(buckets.s3).find(file)).toEqual(new Map([['b', ''], ['km-import', 'release']])) // prettier-ignore
  }
})

test('an object or version that does not exist has none', async () => {
  const file = await buckets.put('x', { isVersioned: true })
  expect(await s3ObjectTags(buckets.s3).find({ ...file, versionId: 'none' })).toBeUndefined()
  expect(await s3ObjectTags(buckets.s3).find({ bucket: file.bucket, key: 'none' })).toBeUndefined()
})

test('a bucket that does not exist is a wrong setup', async () => {
  await expect(s3ObjectTags(buckets.s3).find({ bucket: 'none', key: 'k' })).rejects.toMatchObject({
    message: expect.stringContaining('The importer could not read the tags of k (NoSuchBucket)') as unknown,
  })
})
