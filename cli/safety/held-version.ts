import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { SetupError } from '../../lambda/errors.ts'
import type { PersonDecision } from '../../lambda/jobs/safety-decision.ts'
import type { Report } from '../../lambda/report/report.ts'
import { stateText } from '../status/report-table.ts'
import { printable, shellWord } from '../terminal/escape.ts'

export interface Wanted {
  readonly decision: PersonDecision
  /** The version that the user has named. */
  readonly version?: string | undefined
  /** For commands in messages. */
  readonly deploymentOptions: string
}

const VERBS: Readonly<Record<PersonDecision, string>> = { released: 'release', discarded: 'discard' }

/** How a version of a file is named: by its version id, or else by its ETag. */
export function versionOf({ file: { versionId, etag } }: Pick<Report, 'file'>): string {
  return versionId ?? etag ?? 'unknown'
}

/**
 * The version of a file that the user means: the one that is held.
 *
 * @param reports of all versions, the newest last
 * @returns the newest version if none is held, so that the caller can say what has become of it
 * @throws SetupError if the user has to name the version, because another one has arrived since
 */
export function heldVersion(reports: readonly [Report, ...Report[]], wanted: Wanted): Report {
  const { version } = wanted
  const newest = reports.at(-1) ?? reports[0]
  if (version !== undefined) {
    const named = reports.find((report) => versionOf(report) === version)
    if (named !== undefined) return named
    throw new SetupError(
      `There is no version "${printable(version)}" of ${nameOf(newest)}. Its versions: ${reports.map((report) => printable(versionOf(report))).join(', ')}.`,
    )
  }
  const held = reports.filter(({ state }) => state === 'held')
  const last = held.at(-1)
  if (last === undefined) return newest
  if (held.length > 1)
    throw new SetupError(
      `Several versions of ${nameOf(last)} are held: ${held.map((report) => printable(versionOf(report))).join(', ')}. Name one:\n  ${commandFor(last, wanted)}`,
    )
  if (last !== newest && wanted.decision === 'released')
    throw newerVersion(last, `${versionOf(newest)}, which is ${stateText(newest)}`, wanted)
  return last
}

/**
 * Makes sure that a file can still be imported as it was surveyed, and is still the newest version of its key.
 *
 * @throws SetupError if it was deleted or replaced
 */
export async function checkObject(report: Report, s3: S3Client, wanted: Wanted): Promise<void> {
  const { bucket, key, versionId } = report.file
  const own = await head(s3, bucket, key, versionId)
  const newest = versionId === undefined || wanted.version !== undefined ? own : await head(s3, bucket, key)
  if (own === 'unknown' || newest === 'unknown') return // the user may not read the bucket; the importer may
  if (own === 'missing')
    throw new SetupError(
      `${nameOf(report)} was deleted, so it cannot be imported. Upload it again, or discard it:\n  ${commandFor(report, { ...wanted, decision: 'discarded' })}`,
    )
  if (wanted.version === undefined && newest !== 'missing' && newest !== versionOf(report))
    throw newerVersion(report, newest, wanted)
}

function newerVersion(held: Report, newer: string, wanted: Wanted): SetupError {
  return new SetupError(
    `${nameOf(held)} has a newer version, ${printable(newer)}. The held version is ${printable(versionOf(held))}. To ${VERBS[wanted.decision]} it all the same:\n  ${commandFor(held, wanted)}`,
  )
}

/** The version that is stored; `unknown` if S3 does not say. */
async function head(s3: S3Client, bucket: string, key: string, versionId?: string): Promise<string> {
  try {
    const { VersionId, ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }))
    return VersionId ?? ETag?.replaceAll('"', '') ?? 'unknown'
  } catch (error) {
    const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode
    return status === 404 || status === 405 ? 'missing' : 'unknown' // 405: the version is a delete marker
  }
}

function commandFor(report: Report, { decision, deploymentOptions }: Wanted): string {
  return `npx km-import ${VERBS[decision]} ${shellWord(printable(report.file.key))} --file-version ${shellWord(printable(versionOf(report)))}${deploymentOptions}`
}

function nameOf({ file }: Report): string {
  return printable(file.key)
}
