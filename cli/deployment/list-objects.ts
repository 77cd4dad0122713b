import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'

export interface ListedObject {
  readonly key: string
  readonly etag: string
  readonly writtenAt: Date
}

/** All objects under a prefix, in key order. */
export async function* listObjects(s3: S3Client, bucket: string, prefix: string): AsyncGenerator<ListedObject> {
  let token: string | undefined
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(token !== undefined && { ContinuationToken: token }) }),
    )
    for (const { Key = '', ETag = '', LastModified = new Date(0) } of page.Contents ?? [])
      yield { key: Key, etag: ETag, writtenAt: LastModified }
    token = page.NextContinuationToken
  } while (token !== undefined)
}
