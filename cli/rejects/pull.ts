import { once } from 'node:events'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, printable, writeMessage } from '../terminal/output.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { readFix } from '../../lambda/rules/fix.ts'
import { OutputFile } from './output-file.ts'
import { pullText } from './pull-text.ts'
import { PulledGroups } from './pulled-groups.ts'
import { applyFixes, FixPreview, PULLED_CSV_HEADER, pulledCsvRow, pulledRow, type PulledRow } from './pulled-rows.ts'
import { RowSpool } from './row-spool.ts'
import { scanDeadLetters } from './scan.ts'

export interface PullFlags extends DeploymentFlags, FilterFlags {
  readonly output?: string
  readonly fix: readonly string[]
  readonly csv: boolean
  readonly yes: boolean
}

/**
 * Writes dead letters as rows to edit, for `rejects replay`: one for each line, also if many lines share a dead letter. They stay where they
 * are. Memory does not depend on how many there are.
 */
export async function pull(flags: PullFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const { signal } = interruption
  const matches = filterOf(flags, deploymentOptionsOf(flags))
  const matchesArchived = filterOf({ ...flags, archived: true }, deploymentOptionsOf(flags))
  const fixes = flags.fix.map(readFix)
  const deployment = await findDeployment(flags)
  await using output = flags.output === undefined ? undefined : await OutputFile.create(flags.output)
  using spool = new RowSpool()
  const preview = new FixPreview(fixes)
  const groups = new PulledGroups()
  const counts = { queued: 0, archived: 0, failedImports: 0, newer: 0, unknown: 0, leftOut: 0 }
  const textOf = flags.csv ? pulledCsvRow : pulledRow
  const addRow = (pulled: PulledRow): void => {
    const row = applyFixes(pulled, fixes)
    if (fixes.length > 0) preview.add(row)
    spool.add(row.deadLetter.source, textOf(row))
  }
  using read = new CountProgress('dead letter', 'read')
  await using selection = await scanDeadLetters(
    deployment,
    (stored) => {
      if (!matches(stored)) {
        if (matchesArchived(stored)) counts.leftOut += 1
        return false
      }
      const { id, content, status } = stored
      if (content.kind === 'failed-import') counts.failedImports += 1
      else if (content.kind === 'newer') counts.newer += 1
      else if (content.kind === 'unknown') counts.unknown += 1
      else {
        const { deadLetter } = content
        if (content.kind === 'group') groups.add({ id, deadLetter })
        else addRow({ id, deadLetter })
        counts[status === 'queued' ? 'queued' : 'archived'] += 1
      }
      return false
    },
    signal,
    { onRead: read.add },
  )
  read[Symbol.dispose]()
  using readLines = new CountProgress('line', 'of files read')
  for await (const row of groups.rows(deployment, signal)) {
    addRow(row)
    readLines.add()
  }
  readLines[Symbol.dispose]()
  if (interruption.happened) return EXIT.interrupted
  if (fixes.length > 0) {
    const unit = groups.counts.groups > 0 ? 'line' : 'dead letter'
    process.stderr.write(preview.text(unit))
    const question = `Write ${counted(spool.count, unit)} to ${printable(flags.output ?? 'stdout')}?`
    if (!(await confirm(question, flags))) return EXIT.ok
  }
  using written = new CountProgress('dead letter', 'written')
  const texts = rows(spool, flags.csv, written)
  try {
    await (output === undefined ? writeToStdout(texts, signal) : output.write(texts, signal))
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted
    throw error
  }
  written[Symbol.dispose]()
  const { isComplete, inUse } = selection
  writeMessage(
    process.stderr,
    pullText(
      { ...counts, groups: groups.counts, isComplete, inUse },
      { output: flags.output, isCsv: flags.csv, deploymentOptions: deploymentOptionsOf(flags) },
    ),
  )
  return EXIT.ok
}

function* rows(spool: RowSpool, isCsv: boolean, written: CountProgress): Generator<string> {
  if (isCsv) yield PULLED_CSV_HEADER
  for (const row of spool.inFileOrder()) {
    yield row
    written.add()
  }
}

async function writeToStdout(texts: Iterable<string>, signal: AbortSignal): Promise<void> {
  for (const text of texts) if (!process.stdout.write(text)) await once(process.stdout, 'drain', { signal })
}
