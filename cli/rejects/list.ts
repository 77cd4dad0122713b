import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { deadLetterRetentionMs } from '../deployment/retention.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { filterOf, filterOptionsOf, type FilterFlags } from './filter.ts'
import type { Unseen } from './in-use.ts'
import { listCsv, listText, totalText } from './list-text.ts'
import { scanDeadLetters } from './scan.ts'
import { countSentLines } from './sent-lines.ts'
import { EXPIRING_SOON_MS, Summary } from './summary.ts'
import { writeMessage } from '../terminal/output.ts'

export interface ListFlags extends DeploymentFlags, Omit<FilterFlags, 'archived'> {
  readonly json: boolean
  readonly csv: boolean
}

/** Shows all dead letters, archived and quarantined ones too, by reason, file and day. Changes nothing, even after Ctrl-C. */
export async function list(flags: ListFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const matches = filterOf({ ...flags, archived: true }, deploymentOptionsOf(flags))
  const deployment = await findDeployment(flags)
  const retentionMs = await deadLetterRetentionMs(deployment)
  const summary = new Summary(retentionMs === undefined ? undefined : new Date(Date.now() - retentionMs + EXPIRING_SOON_MS))
  using progress = new CountProgress('dead letter', 'read')
  await using selection = await scanDeadLetters(
    deployment,
    (deadLetter) => {
      if (matches(deadLetter)) summary.add(deadLetter)
      return false
    },
    interruption.signal,
    { onRead: progress.add },
  )
  progress[Symbol.dispose]()
  await summary.leaveOutSent((deadLetter) => countSentLines(deployment, deadLetter))
  if (interruption.happened) return EXIT.interrupted
  const { isComplete, inUse } = selection
  if (flags.json) process.stdout.write(`${JSON.stringify(documentOf(summary, selection), null, 2)}\n`)
  else if (flags.csv) process.stdout.write(listCsv(summary.groups()))
  else process.stdout.write(listText(summary.groups(), deploymentOptionsOf(flags), process.stdout))
  writeMessage(
    process.stderr,
    totalText(
      summary,
      {
        retentionMs,
        isComplete,
        inUse,
        isAllArchived: summary.total > 0 && summary.oldestQueued === undefined,
        deploymentOptions: deploymentOptionsOf(flags),
        filterOptions: filterOptionsOf(flags),
        now: Date.now(),
      },
      process.stderr,
    ),
  )
  return EXIT.ok
}

/** Programs read it, so a field is added, never renamed. */
function documentOf(summary: Summary, { isComplete, inUse }: Unseen) {
  const { total, expiringSoon, oldestQueued } = summary
  return {
    schema: 'kissmetrics-importer/rejects/v1',
    total,
    expiringSoon,
    ...(oldestQueued !== undefined && { oldest: oldestQueued.toISOString() }),
    isComplete,
    inUse,
    groups: summary.groups(),
  }
}
