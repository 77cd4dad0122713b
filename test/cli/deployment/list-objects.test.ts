import { expect, test } from '@jest/globals'
import type { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { listObjects } from '../../../cli/deployment/list-objects.ts'

/** S3 with one object per page. */
function pagedS3(keys: readonly string[]): S3Client {
  const send = ({ input: { Prefix = '', ContinuationToken = '0' } }: ListObjectsV2Command) => {
    const index = Number(ContinuationToken)
    const page = keys.filter((key) => key.startsWith(Prefix))
    return Promise.resolve({
      Contents: [{ Key: page[index], ETag: `"${index}"`, LastModified: new Date(index) }],
      ...(index + 1 < page.length && { NextContinuationToken: String(index + 1) }),
    })
  }
  return { send } as unknown as S3Client
}

test('all pages of a prefix are listed', async () => {
  const listed: unknown[] = []
  for await (const object of listObjects(pagedS3(['a/1', 'a/2', 'b/1']), 'bucket', 'a/')) listed.push(object)
  expect(listed).toEqual([
    { key: 'a/1', etag: '"0"', writtenAt: new Date(0) },
    { key: 'a/2', etag: '"1"', writtenAt: new Date(1) },
  ])
})

test('an empty bucket has no objects', async () => {
  const empty = { send: () => Promise.resolve({}) } as unknown as S3Client
  expect(await listObjects(empty, 'bucket', 'a/').next()).toEqual({ done: true, value: undefined })
})
