import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, writeMessage } from '../terminal/output.ts'
import { discardLines } from './discard-lines.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { unseenText } from './in-use.ts'
import { leftOutText } from './pull-text.ts'
import { scanDeadLetters } from './scan.ts'

export interface DiscardFlags extends DeploymentFlags, FilterFlags {
  readonly yes: boolean
}

/**
 * Discards rejected lines that nobody will send: their reports no longer count them as open. A copy of each stays in the bucket. Prints the key
 * of each file that it writes.
 */
export async function discard(flags: DiscardFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const { signal } = interruption
  const matches = filterOf(flags, deploymentOptionsOf(flags))
  const matchesArchived = filterOf({ ...flags, archived: true }, deploymentOptionsOf(flags))
  const deployment = await findDeployment(flags)
  const ids = new Set<string>()
  let leftOut = 0
  const unseen = await withProgress(async (onRead) => {
    await using scanned = await scanDeadLetters(
      deployment,
      (deadLetter) => {
        if (!('deadLetter' in deadLetter.content)) return false // it is work that is not done yet, or not from this importer
        if (matches(deadLetter)) ids.add(deadLetter.id)
        else if (matchesArchived(deadLetter)) leftOut += 1
        return false
      },
      signal,
      { onRead },
    )
    return unseenText(scanned)
  })
  if (interruption.happened) return EXIT.interrupted
  if (leftOut > 0) writeMessage(process.stderr, `${leftOutText(leftOut)}\n`)
  if (unseen !== undefined) writeMessage(process.stderr, `${unseen} Run the command again for them.\n`)
  if (ids.size === 0) {
    writeMessage(process.stderr, 'No dead letter matches, so nothing was discarded.\n')
    return EXIT.ok
  }
  const question = `Discard ${counted(ids.size, 'dead letter')}? ${ids.size === 1 ? 'It is' : 'They are'} not sent to Kissmetrics; a copy stays in the bucket.`
  if (!(await confirm(question, flags))) return EXIT.ok
  try {
    const { discarded, missing, keys } = await withProgress((onRead) => discardLines(deployment, ids, signal, { onRead }))
    for (const key of keys) process.stdout.write(`${key}\n`)
    writeMessage(process.stderr, `${counted(discarded, 'dead letter')} discarded.\n`)
    if (missing > 0)
      writeMessage(
        process.stderr,
        `${counted(missing, 'dead letter')} not discarded, because another command is reading ${missing === 1 ? 'it' : 'them'}, or sends ${missing === 1 ? 'it' : 'them'}: try again in 5 minutes.\n`,
      )
    if (signal.aborted) return EXIT.interrupted
    return missing > 0 || unseen !== undefined ? EXIT.someLinesLeft : EXIT.ok
  } catch (error) {
    if (error === signal.reason) return EXIT.interrupted
    throw error
  }
}

async function withProgress<T>(scan: (onRead: () => void) => Promise<T>): Promise<T> {
  using progress = new CountProgress('dead letter', 'read')
  return await scan(progress.add)
}
