import { readingOnce } from '../../lambda/rules/line-changes.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, grouped, writeMessage } from '../terminal/output.ts'
import { groupedLinesOf } from './content.ts'
import { filterOf, filterOptionsOf, type FilterFlags } from './filter.ts'
import { unseenText } from './in-use.ts'
import { leftOutText, newerText } from './pull-text.ts'
import { replayLines } from './replay-lines.ts'
import { resultText, sendQuestion } from './replay-text.ts'
import type { EditedLine } from './replay-upload.ts'
import { requeueFailedImports } from './requeue-failed-imports.ts'
import { scanDeadLetters } from './scan.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'
import { rejectionOf } from './validate.ts'

export interface ReplayValidFlags extends DeploymentFlags, FilterFlags {
  readonly yes: boolean
}

/**
 * Sends every dead letter whose line is valid by the current rules, and every failed import, without a file in between: after an outage,
 * or after a rule or setting has changed. Leaves out what a person archived and what is quarantined, unless `--archived` is given.
 */
export async function replayValid(flags: ReplayValidFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const { signal } = interruption
  const filters: Filters = {
    matches: filterOf(flags, deploymentOptionsOf(flags)),
    matchesArchived: filterOf({ ...flags, archived: true }, deploymentOptionsOf(flags)),
  }
  const deployment = await findDeployment(flags)
  const options = deploymentOptionsOf(flags)
  const { lines, failedImports, invalid, newer, leftOut, unseen } = await withProgress((onRead) =>
    findReplayCandidates(deployment, filters, signal, onRead),
  )
  if (interruption.happened) return EXIT.interrupted
  writeMessage(
    process.stderr,
    `${counted(lines.length, 'line')} can be sent, ${counted(failedImports.size, 'failed import')} can be tried again, ${grouped(invalid)} would be rejected again.\n`,
  )
  if (newer > 0) writeMessage(process.stderr, `${newerText(newer)}\n`)
  if (leftOut > 0) writeMessage(process.stderr, `${leftOutText(leftOut)}\n`)
  if (unseen !== undefined) writeMessage(process.stderr, `${unseen} Run the command again for them.\n`)
  let exitCode: ExitCode = invalid + newer > 0 || unseen !== undefined ? EXIT.someLinesLeft : EXIT.ok
  if (lines.length + failedImports.size === 0) return exitCode
  if (!(await confirm(sendQuestion('them'), flags))) return EXIT.ok
  try {
    if (lines.length > 0) {
      const result = await withProgress((onRead) => replayLines(deployment, lines, signal, { onRead }))
      writeMessage(process.stdout, resultText(result, options))
      if (result.missing > 0) exitCode = EXIT.someLinesLeft
    }
    if (failedImports.size > 0) {
      const requeued = await withProgress((onRead) => requeueFailedImports(deployment, failedImports, signal, { onRead }))
      process.stdout.write(`${counted(requeued, 'failed import')} sent to the import queue again.\n`)
      if (signal.aborted) {
        writeMessage(process.stderr, interruptedText(failedImports.size - requeued, `${filterOptionsOf(flags)}${options}`))
        return EXIT.interrupted
      }
    }
  } catch (error) {
    if (error === signal.reason) return EXIT.interrupted
    throw error
  }
  return exitCode
}

async function withProgress<T>(scan: (onRead: () => void) => Promise<T>): Promise<T> {
  using progress = new CountProgress('dead letter', 'read')
  return await scan(progress.add)
}

function interruptedText(left: number, options: string): string {
  if (left === 0) return 'Interrupted after the last failed import was sent.\n'
  const are = left === 1 ? 'is' : 'are'
  return `Interrupted: ${counted(left, 'failed import')} ${are} still in the dead-letter queue. To continue, run: npx km-import rejects replay --all-valid${options}\n`
}

interface ReplayCandidates {
  readonly lines: readonly EditedLine[]
  /** Message bodies of failed imports, by message id. */
  readonly failedImports: ReadonlyMap<string, string>
  /** Dead letters that would be rejected again. */
  readonly invalid: number
  /** Dead letters that only a newer version can read. */
  readonly newer: number
  /** Dead letters that were left out, because a person archived them, or they are quarantined. */
  readonly leftOut: number
  /** What the scan did not see, for the user. */
  readonly unseen: string | undefined
}

interface Filters {
  readonly matches: (deadLetter: StoredDeadLetter) => boolean
  /** The same, with `--archived`. */
  readonly matchesArchived: (deadLetter: StoredDeadLetter) => boolean
}

async function findReplayCandidates(
  deployment: Deployment,
  { matches, matchesArchived }: Filters,
  signal: AbortSignal,
  onRead: () => void,
): Promise<ReplayCandidates> {
  const lines: EditedLine[] = []
  const failedImports = new Map<string, string>()
  let invalid = 0
  let newer = 0
  let leftOut = 0
  const changesOf = readingOnce()
  await using selection = await scanDeadLetters(
    deployment,
    (deadLetter) => {
      if (!matches(deadLetter)) {
        if (matchesArchived(deadLetter)) leftOut += 1
        return false
      }
      const { id, body, content } = deadLetter
      const rules = 'deadLetter' in content ? content.deadLetter.rules : undefined
      const line = content.kind === 'line' && content.deadLetter.lineTruncated !== true ? content.deadLetter.line : undefined
      if (content.kind === 'failed-import') failedImports.set(id, body)
      else if (content.kind === 'newer') newer += 1
      else if (line !== undefined && rejectionOf(line, changesOf(rules)) === undefined) lines.push({ id, line: line.trim() })
      else invalid += Math.max(1, groupedLinesOf(content))
      return false
    },
    signal,
    { onRead },
  )
  // The same order in every run: the key of the uploaded file depends on it.
  return {
    lines: lines.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    failedImports,
    invalid,
    newer,
    leftOut,
    unseen: unseenText(selection),
  }
}
