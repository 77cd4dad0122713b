import { randomUUID } from 'node:crypto'
import { clock } from '../../lambda/adapters/clock.ts'
import { s3DeadLetterArchive } from '../../lambda/adapters/s3-documents.ts'
import { sqsDeadLetterReader } from '../../lambda/adapters/sqs.ts'
import { SetupError } from '../../lambda/errors.ts'
import { archive as sweep, type ArchiveOptions, type ArchiveRun } from '../../lambda/archive/archive.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { grouped } from '../terminal/output.ts'
import { contentOf } from './content.ts'
import { filterOf, type FilterFlags } from './filter.ts'

export interface ArchiveFlags extends DeploymentFlags, Omit<FilterFlags, 'archived'> {
  readonly olderThan?: string
}

const DAY_MS = 24 * 3_600_000
const USUAL_DAYS = '10'

/** Moves dead letters out of the queue into the bucket, where nothing expires. */
export async function archive(flags: ArchiveFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const isMeant = filterOf(flags)
  // Who chooses by reason or drop means all of those, whatever their age.
  const isChosen = flags.reason !== undefined || flags.key !== undefined
  const oldest = Date.now() - daysOf(flags.olderThan ?? (isChosen ? '0' : USUAL_DAYS)) * DAY_MS
  const { archived, isWhole, keys } = await archiveSelected(
    await findDeployment(flags),
    {
      why: isChosen ? 'asked' : 'old',
      isMeant: ({ id, body, sentAt }) =>
        sentAt.getTime() <= oldest && isMeant({ id, body, sentAt, content: contentOf(body), kept: 'queue', isInAll: true }),
    },
    interruption.signal,
  )
  for (const key of keys) process.stdout.write(`${key}\n`)
  process.stderr.write(`${grouped(archived)} dead ${archived === 1 ? 'letter' : 'letters'} parked.\n`)
  if (interruption.happened) return EXIT.interrupted
  if (!isWhole) process.stderr.write('There are more than SQS shows at a time: run it again.\n')
  return EXIT.ok
}

/** Left out, `isMeant` is whatever is as old as the stack's own sweep takes it. */
export function archiveSelected(
  { s3, sqs, bucket, deadLetterQueueUrl }: Deployment,
  { why, isMeant = isOld }: Pick<ArchiveOptions, 'why'> & { readonly isMeant?: ArchiveOptions['matches'] },
  ending: AbortSignal,
): Promise<ArchiveRun> {
  return sweep(
    {
      deadLetterReader: sqsDeadLetterReader(sqs, deadLetterQueueUrl),
      archived: s3DeadLetterArchive(s3),
      clock,
      newRun: randomUUID,
    },
    { bucket, why, matches: isMeant, ending },
  )
}

function isOld({ sentAt }: { readonly sentAt: Date }): boolean {
  return sentAt.getTime() <= Date.now() - Number(USUAL_DAYS) * DAY_MS
}

function daysOf(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new SetupError(`--older-than is "${text}": expected a whole number of days, such as ${USUAL_DAYS}.`)
}
