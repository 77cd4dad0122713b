import { clock } from '../../lambda/adapters/clock.ts'
import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { s3Listing } from '../../lambda/adapters/s3-objects.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { search } from '../../lambda/jobs/reconcile.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { counted, printable } from '../terminal/output.ts'

export interface BackfillFlags extends DeploymentFlags {
  readonly dryRun: boolean
  readonly json: boolean
}

const HOUR_MS = 3_600_000

/**
 * Queues every file under `incoming/` that has no report: files that were there before the importer, and drops whose event was lost.
 *
 * stdout has one key on each line, or one JSON document; the sum goes to stderr.
 */
export async function backfill(flags: BackfillFlags): Promise<ExitCode> {
  const { s3, sqs, bucket, importQueueUrl } = await findDeployment(flags)
  const keys: string[] = []
  const found = await search(
    s3Listing(s3, bucket).pages(),
    { reports: s3Reports(s3), importQueue: sqsImportQueue(sqs, importQueueUrl), clock },
    {
      // What was replaced is not what its owner wants to have imported now.
      onlyLatest: true,
      staleMs: HOUR_MS,
      isDryRun: flags.dryRun,
      onQueued: ({ file: { key } }) => {
        keys.push(key)
        if (!flags.json) process.stdout.write(`${printable(key)}\n`)
      },
    },
  )
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ files: found.files, queued: found.queued, dryRun: flags.dryRun, keys }, null, 2)}\n`)
  const what = flags.dryRun ? 'would be queued' : 'queued'
  process.stderr.write(`${count(found.files)} under incoming/, ${found.queued} of them without a report: ${what}.\n`)
  return EXIT.ok
}

function count(files: number): string {
  return counted(files, 'drop')
}
