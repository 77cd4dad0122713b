import { GetObjectCommand, PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3'
import type { Checkpoints, DeadLetterArchive, Documents, Reports } from '../ports.ts'
import type { Report } from '../report/report.ts'
import { refuseNewer } from '../common/schema.ts'
import { asSetupError, orSetupError, s3ErrorName } from './aws-errors.ts'

const REPORT_SCHEMA: Report['schema'] = 'kissmetrics-importer/report/v1'

/** @param ownBucket the bucket of the importer, which the reports are in. @default - the bucket of each file */
export function s3Reports(client: S3Client, ownBucket?: string): Reports {
  return {
    async find(bucket, key) {
      const found = await readJson(client, ownBucket ?? bucket, key)
      refuseNewer(found?.value, REPORT_SCHEMA, key)
      // A document that is not a report counts as missing, and is overwritten.
      return found && isReport(found.value) ? { report: found.value, tag: found.tag, writtenAt: found.writtenAt } : undefined
    },
    replace: (bucket, key, report, tag) => writeJson(client, ownBucket ?? bucket, key, report, onlyIfTagIs(tag)),
  }
}

/** A shallow check: only the importer writes under this prefix. */
function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'schema' in value && 'state' in value && 'lines' in value
}

/** @param ownBucket as for reports */
export function s3Checkpoints(client: S3Client, ownBucket?: string): Checkpoints {
  return s3Documents(client, ownBucket)
}

/** @param ownBucket as for reports */
export function s3Documents(client: S3Client, ownBucket?: string): Documents {
  return {
    find: ({ bucket, key }) => readJson(client, ownBucket ?? bucket, key),
    put: ({ bucket, key }, value, expected) => writeJson(client, ownBucket ?? bucket, key, value, onlyIfTagIs(expected)),
  }
}

/** @param ownBucket as for reports */
export function s3DeadLetterArchive(client: S3Client, ownBucket?: string): DeadLetterArchive {
  return {
    async put(bucket, key, text) {
      const command = new PutObjectCommand({
        Bucket: ownBucket ?? bucket,
        Key: key,
        Body: text,
        ContentType: 'application/x-ndjson',
      })
      await orSetupError(client.send(command), `write ${key}`)
    },
  }
}

/** Reads a document that the importer wrote. */
async function readJson(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<{ value: unknown; tag: string; writtenAt: Date } | undefined> {
  try {
    const { Body, ETag = '', LastModified = new Date(0) } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return Body && { value: parsed(await Body.transformToString()), tag: ETag, writtenAt: LastModified }
  } catch (error) {
    if (s3ErrorName(error) === 'NoSuchKey') return undefined
    throw asSetupError(error, `read ${key}`)
  }
}

/** @returns undefined for text that is not JSON; the caller decides what that means */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Condition = Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>

/** @param tag ETag of the object to replace; undefined if there must be none */
function onlyIfTagIs(tag: string | undefined): Condition {
  return tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }
}

/** Amazon S3, "Conditional writes": 412 if another write came first, 409 if it happens at the same time, 404 if the object is gone. */
const OVERTAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** @returns the new tag, or undefined if the condition does not hold */
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
    if (OVERTAKEN.has(s3ErrorName(error))) return undefined
    throw asSetupError(error, `write ${key}`)
  }
}
