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
import { applyFixes, FixPreview, PULLED_CSV_HEADER, pulledCsvRow, pulledRow } from './pulled-rows.ts'
import { RowSpool } from './row-spool.ts'
import { scanDeadLetters } from './scan.ts'

export interface PullFlags extends DeploymentFlags, FilterFlags {
  readonly output?: string
  readonly fix: readonly string[]
  readonly csv: boolean
  readonly yes: boolean
}

/** Writes dead letters as rows to edit, for `rejects replay`. They stay where they are. Memory does not depend on how many there are. */
export async function pull(flags: PullFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const { signal } = interruption
  const matches = filterOf(flags)
  const matchesArchived = filterOf({ ...flags, archived: true })
  const fixes = flags.fix.map(readFix)
  const deployment = await findDeployment(flags)
  await using output = flags.output === undefined ? undefined : await OutputFile.create(flags.output)
  using spool = new RowSpool()
  const preview = new FixPreview(fixes)
  const counts = { queued: 0, archived: 0, failedImports: 0, newer: 0, unknown: 0, leftOut: 0 }
  const textOf = flags.csv ? pulledCsvRow : pulledRow
  using read = new CountProgress('dead letters read')
  await using selection = await scanDeadLetters(
    deployment,
    (deadLetter) => {
      if (!matches(deadLetter)) {
        if (matchesArchived(deadLetter)) counts.leftOut += 1
        return false
      }
      const { id, content, status } = deadLetter
      if (content.kind === 'failed-import') counts.failedImports += 1
      else if (content.kind === 'newer') counts.newer += 1
      else if (content.kind === 'unknown') counts.unknown += 1
      else {
        const row = applyFixes({ id, deadLetter: content.deadLetter }, fixes)
        if (fixes.length > 0) preview.add(row)
        spool.add(content.deadLetter.source, textOf(row))
        counts[status === 'queued' ? 'queued' : 'archived'] += 1
      }
      return false
    },
    signal,
    { onRead: read.add },
  )
  read[Symbol.dispose]()
  if (interruption.happened) return EXIT.interrupted
  if (fixes.length > 0) {
    process.stderr.write(preview.text())
    const question = `Write ${counted(spool.count, 'dead letter')} to ${printable(flags.output ?? 'stdout')}?`
    if (!(await confirm(question, flags))) return EXIT.ok
  }
  using written = new CountProgress('dead letters written')
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
      { ...counts, isComplete, inUse },
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
