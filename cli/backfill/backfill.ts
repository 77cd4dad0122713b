import { clock } from '../../lambda/adapters/clock.ts'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { search } from '../../lambda/jobs/search.ts'
import { STALE_MS } from '../../lambda/report/report.ts'
import type { Place } from '../../lambda/settings/places.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { counted, grouped, printable, writeMessage } from '../terminal/output.ts'
import { placesUnder, readPeriod } from './selection.ts'

export interface BackfillFlags extends DeploymentFlags {
  readonly prefix?: string
  readonly since?: string
  readonly until?: string
  readonly dryRun: boolean
  readonly json: boolean
}

/**
 * Queues every file that has no final report: files that are older than the importer, and files whose event or message was lost. A prefix
 * and a period of upload limit the search.
 *
 * stdout gets one key per line, or one JSON document. stderr gets the total.
 */
export async function backfill(flags: BackfillFlags): Promise<ExitCode> {
  const { from, to } = readPeriod(flags)
  const { s3, sqs, bucket, places: all, importQueueUrl } = await findDeployment(flags)
  const places = flags.prefix === undefined ? all : placesUnder(all, flags.prefix)
  const keys: string[] = []
  const { files, queued } = await search(
    {
      listing: s3Listing(s3, places, bucket),
      reports: s3Reports(s3, bucket),
      importQueue: sqsImportQueue(sqs, importQueueUrl),
      clock,
    },
    {
      // The owner of a file does not want its replaced versions imported now.
      onlyLatest: true,
      uploadedFrom: from,
      uploadedBefore: to,
      staleMs: STALE_MS,
      isDryRun: flags.dryRun,
      onQueued: ({ file: { key } }) => {
        keys.push(key)
        if (!flags.json) process.stdout.write(`${printable(key)}\n`)
      },
    },
  )
  if (flags.json) process.stdout.write(`${JSON.stringify({ files, queued, dryRun: flags.dryRun, keys }, null, 2)}\n`)
  writeMessage(process.stderr, totalText(files, queued, flags, places))
  return EXIT.ok
}

function totalText(files: number, queued: number, { dryRun, since, until }: BackfillFlags, places: readonly Place[]): string {
  const would = dryRun ? 'would be' : queued === 1 ? 'was' : 'were'
  const period = since === undefined && until === undefined ? '' : ' from this period'
  return `${counted(files, 'file')}${period} ${under(places)}. ${grouped(queued)} of them ${queued === 1 ? 'has' : 'have'} no final report and ${would} queued.\n`
}

function under(places: readonly Place[]): string {
  const [first, ...others] = places
  if (first !== undefined && others.length === 0 && first.prefix !== '') return `under ${printable(first.prefix)}`
  return `under ${places.map(({ bucket, prefix }) => printable(`s3://${bucket}/${prefix}`)).join(', ')}`
}
