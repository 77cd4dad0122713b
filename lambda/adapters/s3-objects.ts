import { Readable } from 'node:stream'
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type ObjectVersion,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { SourceFile } from '../intake/source-file.ts'
import type { Absence, ByteRange, ListedFile, ListedReport, Listing, ListPosition, OpenFile, SourceFiles } from '../ports.ts'
import { isReplayFile, REPORTS_PREFIX } from '../keys.ts'
import type { Place } from '../settings/places.ts'
import { asSetupError, s3ErrorName } from './aws-errors.ts'

/** Bodies of this adapter can break off. `resuming` in read/resume.ts wraps them, and reads on from the byte that was reached. */
export function s3SourceFiles(client: S3Client): SourceFiles {
  return {
    async open(file, range = { start: 0 }) {
      const action = `read ${file.key}`
      if (range.end !== undefined && range.end <= range.start) return openEmpty(client, file, action)
      try {
        const response = await client.send(new GetObjectCommand({ ...objectOf(file), ...rangeHeader(range) }))
        // In Node, the body is the HTTP response itself. The declared type covers every runtime.
        return openedAt(file, range.start, response, response.Body as Readable)
      } catch (error) {
        if (s3ErrorName(error) === 'InvalidRange') return openEmpty(client, file, action)
        return absenceOrThrow(error, action)
      }
    },
  }
}

/** No header for the whole object: S3 refuses any range of an object without bytes. */
function rangeHeader({ start, end }: ByteRange): { readonly Range?: string } {
  return start === 0 && end === undefined ? {} : { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
}

type ObjectHeaders = Pick<GetObjectCommandOutput, 'ContentLength' | 'ContentRange' | 'ETag' | 'LastModified' | 'Metadata'>

/** @throws Error if the response is about other bytes than requested, or lacks a header that resuming needs */
function openedAt({ key }: SourceFile, start: number, headers: ObjectHeaders, body: Readable): OpenFile {
  const { ContentLength, ContentRange, ETag, LastModified, Metadata: { run } = {} } = headers
  // A response without Content-Range is about the whole object.
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? `bytes 0-0/${ContentLength ?? '*'}`) ?? []
  if (Number(first) === start && ETag !== undefined && LastModified !== undefined)
    return {
      kind: 'open',
      body,
      bytes: Number(size),
      etag: ETag,
      lastModified: LastModified,
      // Other files may have metadata of this name, which means something else.
      ...(run !== undefined && isReplayFile(key) && { replay: run }),
    }
  body.destroy()
  throw new Error(`S3 did not send the bytes from ${start} on, or sent no size, ETag or date`)
}

/** HTTP has no empty range. It is needed for a file whose lines are all settled, and for an object without bytes. */
async function openEmpty(client: S3Client, file: SourceFile, action: string): ReturnType<SourceFiles['open']> {
  try {
    return openedAt(file, 0, await client.send(new HeadObjectCommand(objectOf(file))), Readable.from([]))
  } catch (error) {
    return absenceOrThrow(error, action)
  }
}

/** Errors that describe the object, not a fault of the importer. */
const ABSENCES: Readonly<Record<string, Absence>> = {
  NoSuchKey: 'gone',
  NoSuchVersion: 'gone',
  NotFound: 'gone',
  PreconditionFailed: 'superseded',
  InvalidObjectState: 'locked',
  // The named version is a delete marker.
  MethodNotAllowed: 'gone',
}

/** @throws the error, if it is not about the object; SetupError if only a person can fix it */
export function absenceOrThrow(error: unknown, action: string): { readonly kind: Absence } {
  const kind = ABSENCES[s3ErrorName(error)]
  if (kind !== undefined) return { kind }
  throw asSetupError(error, action)
}

/** Sends version and ETag if both are known: in a bucket without versioning, the version "null" can be overwritten. */
function objectOf({ bucket, key, versionId, etag }: SourceFile) {
  return {
    Bucket: bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
    ...(etag !== undefined && { IfMatch: `"${etag.replaceAll('"', '')}"` }),
  }
}

/** @param places that are listed, one after the other @param ownBucket the bucket that the reports are in */
export function s3Listing(client: S3Client, places: readonly Place[], ownBucket: string): Listing {
  return {
    scope: places.map(({ bucket, prefix }) => `s3://${bucket}/${prefix}`).join(','),
    reportsFrom: (first) => reportPages(client, ownBucket, first),
    async *pages(after, under) {
      const listedPlaces = under === undefined ? places : [under]
      const first = after === undefined ? -1 : listedPlaces.findIndex((place) => contains(place, after))
      // A place that is no longer a source has no rest to list, so the listing starts from the beginning.
      for (const [index, place] of listedPlaces.slice(Math.max(first, 0)).entries())
        yield* placePages(client, place, index === 0 && first >= 0 ? after : undefined)
    },
  }
}

function contains({ bucket, prefix }: Place, position: ListPosition): boolean {
  return (position.bucket ?? bucket) === bucket && position.key.startsWith(prefix)
}

async function* placePages(client: S3Client, { bucket, prefix }: Place, after: ListPosition | undefined) {
  let next: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | undefined =
    after === undefined ? {} : { KeyMarker: after.key, VersionIdMarker: after.versionId }
  while (next !== undefined) {
    const page: ListObjectVersionsCommandOutput = await client
      .send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...next }))
      .catch((error: unknown) => {
        throw asSetupError(error, 'list the files')
      })
    yield (page.Versions ?? []).map((version) => listed(bucket, version))
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page
    next = IsTruncated === true ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined
  }
}

async function* reportPages(client: S3Client, bucket: string, first: string): AsyncGenerator<readonly ListedReport[]> {
  // S3 lists what comes after a key, so this is a key right before the first.
  let next: Pick<ListObjectsV2CommandInput, 'StartAfter' | 'ContinuationToken'> | undefined = { StartAfter: first.slice(0, -1) }
  while (next !== undefined) {
    const page: ListObjectsV2CommandOutput = await client
      .send(new ListObjectsV2Command({ Bucket: bucket, Prefix: REPORTS_PREFIX, ...next }))
      .catch((error: unknown) => {
        throw asSetupError(error, 'list the reports')
      })
    yield (page.Contents ?? []).map(({ Key = '', LastModified = new Date(0) }) => ({ key: Key, writtenAt: LastModified }))
    next = page.NextContinuationToken === undefined ? undefined : { ContinuationToken: page.NextContinuationToken }
  }
}

function listed(bucket: string, { Key = '', VersionId = 'null', ETag, Size, LastModified, IsLatest }: ObjectVersion): ListedFile {
  const file: SourceFile = {
    bucket,
    key: Key,
    // The version of an object that is older than the bucket's versioning is "null", and S3 events do not mention it.
    ...(VersionId !== 'null' && { versionId: VersionId }),
    ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
    ...(Size !== undefined && { bytes: Size }),
  }
  return { file, lastModified: LastModified ?? new Date(0), isLatest: IsLatest === true }
}
