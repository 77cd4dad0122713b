import { Readable } from 'node:stream'
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
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
import { INCOMING_PREFIX } from '../keys.ts'
import { SetupError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Report } from '../report/report.ts'
import type {
  Absence,
  ByteRange,
  Checkpoints,
  DeadLetterArchive,
  ListedFile,
  Listing,
  OpenFile,
  Reports,
  SourceFiles,
} from '../ports.ts'

/** A stalled body would hang for ever: the SDK's request timeout ends with the headers, only the socket's goes on. */
const SOCKET_TIMEOUT_MS = 30_000

export function s3Client({ socketTimeoutMs = SOCKET_TIMEOUT_MS } = {}): S3Client {
  return new S3Client({
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, socketTimeout: socketTimeoutMs }),
    // A checksum covers the whole object and is only compared after the last line went out; what is read is compared by size.
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

export function s3SourceFiles(client: S3Client): SourceFiles {
  return {
    async open(file, range = { start: 0 }) {
      const what = `read ${file.key}`
      if (range.end !== undefined && range.end <= range.start) return openEmpty(client, file, what)
      try {
        const answer = await client.send(new GetObjectCommand({ ...objectOf(file), ...rangeHeader(range) }))
        // In Node the SDK's body is the response itself; the type is that of every runtime.
        return openedAt(range.start, answer, answer.Body as Readable)
      } catch (error) {
        if (nameOf(error) === 'InvalidRange') return openEmpty(client, file, what)
        return absenceOrThrow(error, what)
      }
    },
  }
}

/** Nothing for the whole: a range of an object without bytes would be refused. */
function rangeHeader({ start, end }: ByteRange): { readonly Range?: string } {
  return start === 0 && end === undefined ? {} : { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }
}

type ObjectHeaders = Pick<GetObjectCommandOutput, 'ContentLength' | 'ContentRange' | 'ETag' | 'LastModified'>

/** @throws Error where the answer does not say what is needed to read on after a break, or is about other bytes than were asked for */
function openedAt(start: number, { ContentLength, ContentRange, ETag, LastModified }: ObjectHeaders, body: Readable): OpenFile {
  // What has no range is about the whole.
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? `bytes 0-0/${ContentLength ?? '*'}`) ?? []
  if (Number(first) === start && ETag !== undefined && LastModified !== undefined)
    return { kind: 'open', body, bytes: Number(size), etag: ETag, lastModified: LastModified }
  body.destroy()
  throw new Error(`S3 answered with other bytes than those from ${start} on, or without size, tag or date`)
}

/** HTTP has no empty range: the rest of a drop whose lines are all settled, or of an object without bytes. */
async function openEmpty(client: S3Client, file: SourceFile, what: string): ReturnType<SourceFiles['open']> {
  try {
    return openedAt(0, await client.send(new HeadObjectCommand(objectOf(file))), Readable.from([]))
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

function listed(bucket: string, { Key = '', VersionId = 'null', ETag, Size, LastModified, IsLatest }: ObjectVersion): ListedFile {
  const file: SourceFile = {
    bucket,
    key: Key,
    // An object that was written before the bucket had versions is "null", and an event about it names none.
    ...(VersionId !== 'null' && { versionId: VersionId }),
    ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
    ...(Size !== undefined && { bytes: Size }),
  }
  return { file, lastModified: LastModified ?? new Date(0), isLatest: IsLatest === true }
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

export function s3DeadLetterArchive(client: S3Client): DeadLetterArchive {
  return {
    async put(bucket, key, text) {
      await client
        .send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/x-ndjson' }))
        .catch((error: unknown) => {
          throw translated(error, `write ${key}`)
        })
    },
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
  NotFound: 'gone',
  PreconditionFailed: 'superseded',
  InvalidObjectState: 'locked',
  // A delete marker named by its version is no object.
  MethodNotAllowed: 'gone',
}

/** Both where both are known: the "null" version of a bucket that keeps no versions is replaced under its name. */
function objectOf({ bucket, key, versionId, etag }: SourceFile) {
  return {
    Bucket: bucket,
    Key: key,
    ...(versionId !== undefined && { VersionId: versionId }),
    ...(etag !== undefined && { IfMatch: `"${etag.replaceAll('"', '')}"` }),
  }
}

/** HEAD answers without a body that could name the error. */
const NAMES_BY_STATUS: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  412: 'PreconditionFailed',
}

function nameOf(error: unknown): string {
  if (!(error instanceof S3ServiceException)) return ''
  const { name, $metadata } = error
  return (name === 'Unknown' ? NAMES_BY_STATUS[$metadata.httpStatusCode ?? 0] : undefined) ?? name
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
