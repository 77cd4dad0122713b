import type { Rejection } from '../../lambda/reasons.ts'
import { readingOnce } from '../../lambda/rules/line-changes.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, writeMessage } from '../terminal/output.ts'
import { byTheirRules } from './by-their-rules.ts'
import { groupLineOf } from './group-id.ts'
import { replayGroups } from './replay-groups.ts'
import { deadLetterFinder, replaySelected, selectForReplay, type ReplaySelection } from './replay-lines.ts'
import { groupResultText, resultText, sendQuestion, validationText, type ValidatedRows } from './replay-text.ts'
import type { EditedLine, FindDeadLetter } from './replay-upload.ts'
import type { Row } from './row.ts'
import { readRows } from './rows.ts'
import { rejectionOfRow } from './validate.ts'

export interface ReplayFlags extends DeploymentFlags {
  readonly yes: boolean
}

/**
 * Sends the valid lines of a pulled file: uploads them as a new file, and removes their dead letters.
 *
 * @throws SetupError if the file has a row that `rejects pull` cannot have written; nothing is sent then
 */
export async function replay(file: string, flags: ReplayFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const options = deploymentOptionsOf(flags)
  const rows = await readRows(file, options)
  const deployment = await findDeployment(flags)
  try {
    await using selected = await select(rows, deployment, interruption.signal)
    const validated = validateRows(rows, deadLetterFinder(selected))
    const { valid, rejected } = validated
    const withoutLine = validated.files + validated.groups
    writeMessage(process.stderr, validationText(file, validated, options))
    if (valid.length === 0) return rejected.length + withoutLine > 0 ? EXIT.someLinesLeft : EXIT.ok
    if (!(await confirm(sendQuestion(counted(valid.length, 'line')), flags))) return EXIT.ok
    interruption.signal.throwIfAborted()
    const missing = await send(deployment, valid, selected, options)
    return rejected.length + withoutLine + missing > 0 ? EXIT.someLinesLeft : EXIT.ok
  } catch (error) {
    if (error === interruption.signal.reason) return EXIT.interrupted
    throw error
  }
}

/** @returns how many lines were not sent, because their dead letters are not there */
async function send(
  deployment: Deployment,
  valid: readonly EditedLine[],
  selected: ReplaySelection,
  options: string,
): Promise<number> {
  const { single = [], shared = [] } = Object.groupBy(valid, ({ id }) => (groupLineOf(id) === undefined ? 'single' : 'shared'))
  const sharedForms = byTheirRules(shared, deadLetterFinder(selected)) // a line that cannot be sent is found before any is
  let missing = 0
  if (single.length > 0) {
    const result = await replaySelected(deployment, single, selected)
    writeMessage(process.stdout, resultText(result, options))
    missing += result.missing
  }
  if (shared.length > 0) {
    const result = await replayGroups(deployment, sharedForms, selected)
    writeMessage(process.stdout, groupResultText(result, options))
    missing += result.missing
  }
  return missing
}

/** The dead letters are read before the user is asked, because they have the import rules that decide which lines are valid. */
async function select(rows: readonly Row[], deployment: Deployment, signal: AbortSignal): Promise<ReplaySelection> {
  using progress = new CountProgress('dead letter', 'read')
  return await selectForReplay(deployment, new Set(rows.map(({ id }) => id)), signal, { onRead: progress.add })
}

/** Validates lines with the import rules of the files that they come from. */
export function validateRows(rows: readonly Row[], findDeadLetter: FindDeadLetter): ValidatedRows {
  const changesOf = readingOnce()
  const valid: EditedLine[] = []
  const rejected: { row: Row; rejection: Rejection }[] = []
  let files = 0
  let groups = 0
  for (const row of rows) {
    const { id, line, isPatched, isGroup } = row
    const deadLetter = findDeadLetter(id)
    // A row about the whole group, which pull writes if the file is not there any more.
    const isWholeGroup = isGroup || deadLetter?.kind === 'group'
    if (line === undefined || isWholeGroup) {
      if (isWholeGroup) groups += 1
      else files += 1
      continue
    }
    const rejection = rejectionOfRow(line, isPatched, changesOf(deadLetter?.rules))
    if (rejection === undefined) valid.push({ id, line })
    else rejected.push({ row, rejection })
  }
  // The lines that were made of one dead letter are sent together: nothing could tell later which of them had been sent.
  const rejectedIds = new Set(rejected.map(({ row }) => row.id))
  const { ready = [], waiting = [] } = Object.groupBy(valid, ({ id }) => (rejectedIds.has(id) ? 'waiting' : 'ready'))
  return { valid: ready, waiting: waiting.length, rejected, files, groups }
}
