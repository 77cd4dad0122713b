import { SetupError } from '../../lambda/errors.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { countMessages } from '../deployment/queue-depth.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, writeMessage } from '../terminal/output.ts'
import { archiveDeadLetters, DEFAULT_AGE_DAYS, isOlderThan } from './archive-dead-letters.ts'
import { contentOf } from './content.ts'
import { countInUse, unseenText } from './in-use.ts'
import { filterOf, type FilterFlags } from './filter.ts'

export interface ArchiveFlags extends DeploymentFlags, Omit<FilterFlags, 'archived'> {
  readonly olderThan?: string
}

/** Moves dead letters from the queue to the bucket, where they do not expire. Prints the key of each file that it writes. */
export async function archive(flags: ArchiveFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const matches = filterOf(flags, deploymentOptionsOf(flags))
  // With --reason or --key, the user means all of these, whatever their age.
  const isSelection = flags.reason !== undefined || flags.key !== undefined
  const days = flags.olderThan === undefined ? (isSelection ? 0 : DEFAULT_AGE_DAYS) : daysOf(flags.olderThan)
  const isOldEnough = isOlderThan(days, Date.now())
  const deployment = await findDeployment(flags)
  const count = () => countMessages(deployment.sqs, deployment.deadLetterQueueUrl)
  const before = await count()
  using progress = new CountProgress('dead letter', 'read')
  const { seen, archived, isWhole, keys } = await archiveDeadLetters(
    deployment,
    {
      why: isSelection ? 'asked' : 'old',
      matches: ({ id, body, sentAt }) => {
        progress.add()
        const deadLetter = () =>
          ({ id, body, sentAt, content: contentOf(body), status: 'queued', isIncludedByDefault: true }) as const
        return isOldEnough({ sentAt }) && matches(deadLetter())
      },
    },
    interruption.signal,
  )
  progress[Symbol.dispose]()
  for (const key of keys) process.stdout.write(`${key}\n`)
  writeMessage(process.stderr, `${counted(archived, 'dead letter')} archived.\n`)
  if (archived === 0 && seen > 0 && days > 0)
    writeMessage(
      process.stderr,
      `None of those in the queue is ${counted(days, 'day')} old. To archive younger ones too, add --older-than 0.\n`,
    )
  if (interruption.happened) return EXIT.interrupted
  const inUse = isWhole ? countInUse(before, (await count()) + archived, seen) : 0
  const more = unseenText({ inUse, isComplete: isWhole })
  if (more !== undefined) writeMessage(process.stderr, `${more} Run the command again for them.\n`)
  return EXIT.ok
}

function daysOf(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new SetupError(
    `--older-than is "${text}": expected a whole number of days from 0 to 99, for example ${DEFAULT_AGE_DAYS}.`,
  )
}
