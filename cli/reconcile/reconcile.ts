import { stat } from 'node:fs/promises'
import { SetupError } from '../../lambda/errors.ts'
import { sentForm } from '../../lambda/parse/changed-line.ts'
import { readGivenRules, type GivenRulesFlags } from '../rules/given-rules.ts'
import { csv } from '../terminal/csv.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { printable } from '../terminal/output.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { NewFile } from '../fix/new-file.ts'
import { compare } from './compare.ts'
import { missingOf } from './comparison.ts'
import { readExportFolder } from './export-folder.ts'
import { importedFiles, localFiles, type ImportedFile } from './imported-files.ts'
import type { LineSet } from './line-set.ts'
import type { ReconcileSummary } from './summary.ts'
import { reconcileText } from './text.ts'

export interface ReconcileFlags extends DeploymentFlags, GivenRulesFlags {
  /** File for the missing lines. It must not exist. */
  readonly output: string
  readonly json: boolean
  readonly csv: boolean
}

/**
 * Compares a data export of Kissmetrics with the files that were sent, command by command, and writes the lines that are missing in the
 * export into a new file.
 *
 * @param names the files that were sent; none for all files that the importer has imported
 * @returns 0 if nothing is missing, 1 if lines are missing
 * @throws SetupError if a file cannot be read or written
 */
export async function reconcile(folder: string, names: readonly string[], flags: ReconcileFlags): Promise<ExitCode> {
  const exported = await readExportFolder(folder)
  const rules = await readGivenRules(flags)
  await refuseExisting(flags.output)
  if (rules.length > 0 && names.length === 0)
    throw new SetupError(
      'The rules of files that the importer has imported are known. Use --rules, --fix and --columns only with FILE.',
    )
  const { files, undeliverable } =
    names.length > 0
      ? { files: await localFiles(names, rules), undeliverable: 0 }
      : await importedFiles(await findDeployment(flags))
  const compared = await withProgress((onLine) => compare(exported, files, { onLine }))
  const lines = compared.missing.reduce((sum, { size }) => sum + size, 0)
  if (lines > 0) await writeMissing(files, compared.missing, flags.output)
  const summary: ReconcileSummary = {
    schema: 'kissmetrics-importer/reconciliation/v1',
    export: { files: exported.files.length, ...compared.exported, waiting: exported.waiting, ...exported.period },
    files: files.length,
    events: compared.events,
    missing: { lines, ...(lines > 0 && { output: flags.output }) },
    outside: compared.outside,
    undeliverable,
  }
  process.stdout.write(shown(summary, flags))
  return lines > 0 ? EXIT.someLinesLeft : EXIT.ok
}

/** Before files of many gigabytes are compared. */
async function refuseExisting(output: string): Promise<void> {
  const isThere = await stat(output).then(
    () => true,
    () => false,
  )
  if (isThere)
    throw new SetupError(
      `${printable(output)} exists, and the missing lines would be written there. Delete it, or choose another name with --output.`,
    )
}

function shown(summary: ReconcileSummary, { json, csv: isCsv }: ReconcileFlags): string {
  if (json) return `${JSON.stringify(summary, null, 2)}\n`
  if (!isCsv) return reconcileText(summary, process.stdout)
  const rows = summary.events.flatMap(({ kind, event = '', days }) =>
    days.map((day) => [kind, event, day.day, day.sent, day.found, missingOf(day)]),
  )
  return csv(['kind', 'event', 'day', 'sent', 'found', 'missing'], rows)
}

async function withProgress<T>(work: (onLine: () => void) => Promise<T>): Promise<T> {
  using progress = new CountProgress('line', 'compared')
  return await work(progress.add)
}

/** Copies the missing lines in the form in which they were sent, so that they can be sent again without rules. */
async function writeMissing(files: readonly ImportedFile[], missing: readonly LineSet[], output: string): Promise<void> {
  await using written = await NewFile.create(output)
  for (const [index, file] of files.entries()) {
    const lines = missing[index]
    if (lines === undefined || lines.size === 0) continue
    for await (const { entry, rules } of file.entries())
      if (lines.has(entry.line.number)) await written.write(sentForm(entry.line.text, rules) ?? [])
  }
}
