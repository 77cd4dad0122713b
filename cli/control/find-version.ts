import { HeadObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { INCOMING_PREFIX, reportsOf, versionOf } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { listObjects } from '../deployment/list-objects.ts'
import type { ReportCache } from '../deployment/report-cache.ts'
import { printable } from '../terminal/output.ts'

/** Which version of a file a user means. */
interface WantedVersion {
  /** A version id, or the ETag in a bucket without versions; undefined for the newest. */
  readonly version: string | undefined
  /** Options that choose the deployment, for commands in hints. */
  readonly deploymentOptions: string
}

/** One version of a file, and its report if its import has begun. */
export interface FoundVersion {
  readonly file: SourceFile
  readonly report: Report | undefined
}

/**
 * Finds a version of a file: in the bucket, or in the reports if the object was deleted.
 *
 * @param name the key, with or without `incoming/`
 * @throws SetupError if there is no such version
 */
export async function findVersion(
  deployment: Deployment,
  cache: ReportCache,
  name: string,
  { version, deploymentOptions }: WantedVersion,
): Promise<FoundVersion> {
  for (const key of [name, `${INCOMING_PREFIX}${name}`]) {
    const reports = await reportsOfKey(deployment, cache, key)
    const reported = reports.filter(({ file }) => version === undefined || versionOf(file) === version)
    const stored = await storedVersion(deployment, key, version)
    const file = stored ?? reported.at(-1)?.file
    if (file !== undefined) return { file, report: reports.find((report) => versionOf(report.file) === versionOf(file)) }
  }
  const which = version === undefined ? 'no file' : `no version "${printable(version)}" of a file`
  throw new SetupError(
    `There is ${which} "${printable(name)}" in the bucket, and no report of one. List the files: npx km-import status --all${deploymentOptions}`,
  )
}

/** The reports of all versions of a file, the newest last. */
async function reportsOfKey({ s3, bucket }: Deployment, cache: ReportCache, key: string): Promise<readonly Report[]> {
  const found: Report[] = []
  for await (const { key: where } of listObjects(s3, bucket, reportsOf(key))) {
    if (!where.endsWith('/report.json')) continue
    const report = await cache.get(where)
    if (report?.file.key === key) found.push(report)
  }
  return found.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
}

/** The version as the bucket has it. A version that names an ETag is found if it is the newest. */
async function storedVersion(
  { s3, places }: Deployment,
  key: string,
  version: string | undefined,
): Promise<SourceFile | undefined> {
  for (const { bucket, prefix } of places) {
    if (!key.startsWith(prefix)) continue
    const newest = await headOf(s3, bucket, key)
    if (newest === undefined || version === undefined || versionOf(newest) === version) {
      if (newest !== undefined) return newest
      continue
    }
    const named = newest.versionId === undefined ? undefined : await headOf(s3, bucket, key, version)
    if (named !== undefined) return named
  }
  return undefined
}

async function headOf(s3: Deployment['s3'], bucket: string, key: string, versionId?: string): Promise<SourceFile | undefined> {
  try {
    const head = await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) }),
    )
    const { VersionId, ETag, ContentLength } = head
    return {
      bucket,
      key,
      // The version of an object that is older than the bucket's versioning is "null", and S3 events do not mention it.
      ...(VersionId !== undefined && VersionId !== 'null' && { versionId: VersionId }),
      ...(ETag !== undefined && { etag: ETag.replaceAll('"', '') }),
      ...(ContentLength !== undefined && { bytes: ContentLength }),
    }
  } catch (error) {
    // 400: S3 does not accept the text as a version id. 405: the version is a delete marker.
    if (error instanceof S3ServiceException && [400, 404, 405].includes(error.$metadata.httpStatusCode ?? 0)) return undefined
    throw error
  }
}
