import { Readable } from 'node:stream'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type ObjectVersion,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { INCOMING_PREFIX } from '../places.ts'
import { SetupError } from '../errors.ts'
import type { Drop } from '../intake/drop.ts'
import type { Absence, ByteRange, Drops, ListedDrop, Listing } from '../read/drops.ts'
import type { Report } from '../report/report.ts'
import type { Reports } from '../report/reports.ts'
import type { Checkpoints } from '../settle/claim.ts'

/** A stalled body would hang for ever: the SDK's request timeout ends with the headers, only the socket's goes on. */
const SOCKET_TIMEOUT_MS = 30_000

export function s3Client(): S3Client {
  return new S3Client({
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, socketTimeout: SOCKET_TIMEOUT_MS }),
    // A checksum covers the whole object and is only compared after the last line went out; what is read is compared by size.
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

export function dropsIn(client: S3Client): Drops {
  return {
    async open(drop, range) {
      const what = `read ${drop.key}`
      try {
        const answer = await client.send(new GetObjectCommand({ ...objectOf(drop), ...(range && { Range: rangeHeader(range) }) }))
        const { Body, ContentLength, ContentRange, ETag = '', LastModified } = answer
        if (Body === undefined || ContentLength === undefined || LastModified === undefined) {
          throw new Error(`S3 answered without body, length or date for ${drop.key}`)
        }
        // In Node the SDK's body is the response itself; the type is that of every runtime.
        const bytes = Number(ContentRange?.split('/')[1] ?? ContentLength)
        return { kind: 'open', body: Body as Readable, bytes, etag: ETag, lastModified: LastModified }
      } catch (error) {
        if (nameOf(error) === 'InvalidRange') return openEmpty(client, drop, what)
        return absenceOrThrow(error, what)
      }
    },
  }
}

/** At least one byte is asked for, since HTTP has no empty range. */
function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === undefined ? '' : Math.max(start, end - 1)}`
}

/** A range that begins at the end of an object: the rest of a drop whose lines are all settled, or an object of no bytes. */
async function openEmpty(client: S3Client, drop: Drop, what: string): ReturnType<Drops['open']> {
  try {
    const { ContentLength = 0, ETag = '', LastModified = new Date(0) } = await client.send(new HeadObjectCommand(objectOf(drop)))
    return { kind: 'open', body: Readable.from([]), bytes: ContentLength, etag: ETag, lastModified: LastModified }
  } catch (error) {
    return absenceOrThrow(error, what)
  }
}

function absenceOrThrow(error: unknown, what: string): { readonly kind: Absence } {
  const kind = ABSENCES[nameOf(error)]
  if (kind !== undefined) return { kind }
  throw translated(error, what)
}

export function listingOf(client: S3Client, bucket: string): Listing {
  return {
    async *pages() {
      let next: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | undefined = {}
      while (next !== undefined) {
        const page: ListObjectVersionsCommandOutput = await client
          .send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: INCOMING_PREFIX, ...next }))
          .catch((error: unknown) => {
            throw translated(error, 'list the drops')
          })
        yield (page.Versions ?? []).map((version) => listed(bucket, version))
        const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page
        next = IsTruncated === true ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined
      }
    },
  }
}

function listed(bucket: string, { Key = '', VersionId = 'null', ETag, Size, LastModified, IsLatest }: ObjectVersion): ListedDrop {
  const drop: Drop = {
    bucket,
    key: Key,
    // An object that was written before the bucket had versions is "null", and an event about it names none.
    ...(VersionId !== 'null' && { versionId: VersionId }),
    ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
    ...(Size !== undefined && { bytes: Size }),
  }
  return { drop, lastModified: LastModified ?? new Date(0), isLatest: IsLatest === true }
}

export function reportsIn(client: S3Client): Reports {
  return {
    async find(bucket, key) {
      const found = await readJson(client, bucket, key)
      // A report that cannot be read is as good as none: it is written anew.
      return found && isReport(found.value) ? { report: found.value, tag: found.tag, writtenAt: found.writtenAt } : undefined
    },
    async put(bucket, key, report) {
      await writeJson(client, bucket, key, report, {})
    },
    replace: (bucket, key, report, tag) => writeJson(client, bucket, key, report, onlyAfter(tag)),
  }
}

/** By what it says of itself: only the importer writes there. */
function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'schema' in value && 'state' in value && 'lines' in value
}

export function checkpointsIn(client: S3Client): Checkpoints {
  return {
    find: ({ bucket, key }) => readJson(client, bucket, key),
    put: ({ bucket, key }, value, expected) => writeJson(client, bucket, key, value, onlyAfter(expected)),
  }
}

/** Only we write where this reads. */
async function readJson(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ value: unknown; tag: string; writtenAt: Date } | undefined> {
  try {
    const { Body, ETag = '', LastModified = new Date(0) } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Body && { value: parsed(await Body.transformToString()), tag: ETag, writtenAt: LastModified }
  } catch (error) {
    if (nameOf(error) === 'NoSuchKey') return undefined
    throw translated(error, `read ${key}`)
  }
}

/** What is no JSON is no value of ours; whoever reads it says what that means. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Condition = Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>

/** @param tag of the object that is to be replaced; undefined where there must be none */
function onlyAfter(tag: string | undefined): Condition {
  return tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }
}

/** Amazon S3, "Conditional writes": 412 where another write came first, 409 where it comes at the same time, 404 where the object is gone. */
const OVERTAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** @returns the tag of what was written, or undefined where the condition does not hold */
async function writeJson(
  client: S3Client,
  bucket: string,
  key: string,
  value: unknown,
  condition: Condition,
): Promise<string | undefined> {
  try {
    const body = `${JSON.stringify(value, null, 2)}\n`
    const { ETag } = await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json', ...condition }),
    )
    return ETag
  } catch (error) {
    if (OVERTAKEN.has(nameOf(error))) return undefined
    throw translated(error, `write ${key}`)
  }
}

/** Errors that say something about the object, and nothing about us. */
const ABSENCES: Readonly<Record<string, Absence>> = {
  NoSuchKey: 'gone',
  NoSuchVersion: 'gone',
  // HEAD answers without a body that could name the error.
  NotFound: 'gone',
  PreconditionFailed: 'superseded',
  InvalidObjectState: 'locked',
  // A delete marker named by its version is no object.
  MethodNotAllowed: 'gone',
}

function objectOf({ bucket, key, versionId, etag }: Drop) {
  const pin =
    versionId !== undefined ? { VersionId: versionId } : etag !== undefined ? { IfMatch: `"${etag.replaceAll('"', '')}"` } : {}
  return { Bucket: bucket, Key: key, ...pin }
}

function nameOf(error: unknown): string {
  return error instanceof S3ServiceException ? error.name : ''
}

function translated(error: unknown, what: string): unknown {
  const name = nameOf(error)
  if (name === 'AccessDenied' || name.startsWith('KMS.')) {
    return new SetupError(
      `The importer may not ${what} (${name}). Give its role access to the bucket and its key, then redrive.`,
      { cause: error },
    )
  }
  if (name === 'NoSuchBucket') return new SetupError(`The importer could not ${what}: there is no such bucket.`, { cause: error })
  return error
}
