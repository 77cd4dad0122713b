import { GetObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3'
import type { ObjectTags } from '../ports.ts'
import { absenceOrThrow } from './s3-objects.ts'

export function s3ObjectTags(client: S3Client): ObjectTags {
  return {
    async find({ bucket, key, versionId }) {
      const named = { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }
      try {
        const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(named))
        return new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]))
      } catch (error) {
        absenceOrThrow(error, `read the tags of ${key}`)
        return undefined
      }
    },
  }
}
