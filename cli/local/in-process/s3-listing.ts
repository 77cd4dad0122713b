import type {
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3'
import { MAX_KEYS } from '../../../emulators/s3/listing.ts'
import { readToken, tokenOf } from '../../../emulators/s3/listing-xml.ts'
import type { S3Emulator } from '../../../emulators/s3/server.ts'
import type { StoredObject } from '../../../emulators/s3/store.ts'
import { isEmpty } from './shortcut.ts'

export type Emulator = Pick<S3Emulator, 'listObjects' | 'listVersions'>

export function listObjects(emulator: Emulator, input: ListObjectsV2CommandInput): ListObjectsV2CommandOutput | undefined {
  const { Bucket = '', Prefix = '', ContinuationToken, ...others } = input
  if (!isEmpty(others)) return undefined
  const after = ContinuationToken === undefined ? '' : readToken(ContinuationToken)
  const { contents, next } = emulator.listObjects(Bucket, { prefix: Prefix, after, max: MAX_KEYS })
  return {
    $metadata: {},
    Name: Bucket,
    Prefix,
    KeyCount: contents.length,
    MaxKeys: MAX_KEYS,
    IsTruncated: next !== undefined,
    ...(ContinuationToken !== undefined && { ContinuationToken }),
    ...(next !== undefined && { NextContinuationToken: tokenOf(next) }),
    ...(contents.length > 0 && { Contents: contents.map((object) => ({ Key: object.key, ...factsOf(object) })) }),
  }
}

export function listVersions(
  emulator: Emulator,
  input: ListObjectVersionsCommandInput,
): ListObjectVersionsCommandOutput | undefined {
  const { Bucket = '', Prefix = '', KeyMarker = '', VersionIdMarker, ...others } = input
  if (!isEmpty(others)) return undefined
  const after = { key: KeyMarker, versionId: VersionIdMarker }
  const { versions, isTruncated } = emulator.listVersions(Bucket, { prefix: Prefix, after, max: MAX_KEYS })
  const files = versions.filter(({ isDeleteMarker }) => !isDeleteMarker)
  const markers = versions.filter(({ isDeleteMarker }) => isDeleteMarker)
  const nameOf = ({ key, versionId, isLatest }: StoredObject) => ({ Key: key, VersionId: versionId, IsLatest: isLatest })
  const last = versions.at(-1)
  return {
    $metadata: {},
    Name: Bucket,
    Prefix,
    MaxKeys: MAX_KEYS,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextKeyMarker: last?.key, NextVersionIdMarker: last?.versionId }),
    ...(files.length > 0 && { Versions: files.map((object) => ({ ...nameOf(object), ...factsOf(object) })) }),
    ...(markers.length > 0 && {
      DeleteMarkers: markers.map((object) => ({ ...nameOf(object), LastModified: new Date(object.lastModified) })),
    }),
  }
}

function factsOf({ etag, size, lastModified }: StoredObject) {
  return { ETag: `"${etag}"`, Size: size, LastModified: new Date(lastModified), StorageClass: 'STANDARD' } as const
}
