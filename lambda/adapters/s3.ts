import type { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { SetupError } from '../errors.ts'
import type { Drop } from '../intake/drop.ts'
import type { Drops } from '../read/drops.ts'
import type { Report } from '../report/report.ts'
import type { Reports } from '../report/reports.ts'

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
    async open(drop) {
      try {
        const { Body, ContentLength, LastModified } = await client.send(new GetObjectCommand(objectOf(drop)))
        if (Body === undefined || ContentLength === undefined || LastModified === undefined) {
          throw new Error(`S3 answered without body, length or date for ${drop.key}`)
        }
        // In Node the SDK's body is the response itself; the type is that of every runtime.
        return { kind: 'open', body: Body as Readable, bytes: ContentLength, lastModified: LastModified }
      } catch (error) {
        const kind = ABSENCES[nameOf(error)]
        if (kind !== undefined) return { kind }
        throw translated(error, `read ${drop.key}`)
      }
    },
  }
}

export function reportsIn(client: S3Client): Reports {
  return {
    async find(bucket, key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        // Only we write there.
        return Body === undefined ? undefined : (JSON.parse(await Body.transformToString()) as Report)
      } catch (error) {
        if (nameOf(error) === 'NoSuchKey') return undefined
        throw translated(error, `read ${key}`)
      }
    },
    async put(bucket, key, report) {
      try {
        const body = `${JSON.stringify(report, null, 2)}\n`
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }))
      } catch (error) {
        throw translated(error, `write ${key}`)
      }
    },
  }
}

/** Errors that say something about the object, and nothing about us. */
const ABSENCES: Readonly<Record<string, 'gone' | 'superseded' | 'locked'>> = {
  NoSuchKey: 'gone',
  NoSuchVersion: 'gone',
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
