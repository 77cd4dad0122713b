import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import { readNumberSetting } from '../../lambda/settings.ts'
import { namedFiles } from '../files/named-files.ts'
import { CountProgress } from '../terminal/count-progress.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { wrapped } from '../terminal/layout.ts'
import { DigestPool } from './digest/digest-pool.ts'
import { readColumns } from './read-columns.ts'
import { surveyFile } from './read.ts'
import { checkSources, openSource } from './sources.ts'
import type { PreviewSummary } from './summary.ts'
import { Survey } from './survey/survey.ts'
import { previewText } from './text/text.ts'

export interface PreviewFlags {
  readonly json: boolean
  /** File with a mapping of columns. */
  readonly columns?: string
}

/**
 * Shows what an import of files would do, and sends nothing.
 *
 * @param given files, folders and patterns; `s3://bucket/key`; or `-` for stdin
 * @returns 0 if every line is valid, 1 if lines would be rejected, 2 if a whole file would be rejected
 * @throws SetupError if a file cannot be opened, or cannot be read to its end
 */
export async function preview(given: readonly string[], { json, columns }: PreviewFlags): Promise<ExitCode> {
  const { names, notes } = await namedFiles(given)
  for (const note of notes) process.stderr.write(`${wrapped(note, '').join('\n')}\n`)
  const summary = await survey(names, await readColumns(columns))
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : previewText(summary, process.stdout))
  return exitCodeOf(summary)
}

/** @throws SetupError if a file cannot be opened, or cannot be read to its end */
export async function survey(files: readonly string[], columns?: ColumnMapping): Promise<PreviewSummary> {
  await checkSources(files)
  const maxLineBytes = readNumberSetting('KM_MAX_LINE_BYTES', process.env)
  const survey = new Survey()
  await using pool = new DigestPool()
  using progress = new CountProgress('lines read')
  const options = { maxLineBytes, pool, onLines: progress.add, ...(columns !== undefined && { columns }) }
  for (const file of files) await surveyFile(await openSource(file, Date.now()), survey, options)
  return survey.summary()
}

function exitCodeOf({ refused, lines }: PreviewSummary): ExitCode {
  if (refused.length > 0) return EXIT.unusable
  return lines.rejected > 0 ? EXIT.someLinesLeft : EXIT.ok
}
