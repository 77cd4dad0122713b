import { readNumberSetting } from '../../lambda/settings.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { grouped, StatusLine } from '../terminal/output.ts'
import { DigestPool } from './digest/digest-pool.ts'
import { surveyFile } from './read.ts'
import { checkSources, openSource } from './sources.ts'
import type { PreviewSummary } from './summary.ts'
import { Survey } from './survey/survey.ts'
import { previewText } from './text/text.ts'

export interface PreviewFlags {
  readonly json: boolean
}

const PROGRESS_MS = 250

/**
 * Shows what an import of files would do, and sends nothing.
 *
 * @param files paths, `s3://bucket/key`, or `-` for stdin
 * @returns 0 if every line is valid, 1 if lines would be rejected, 2 if a whole file would be rejected
 * @throws SetupError if a file cannot be opened, or cannot be read to its end
 */
export async function preview(files: readonly string[], { json }: PreviewFlags): Promise<ExitCode> {
  const summary = await survey(files)
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : previewText(summary, process.stdout))
  return exitCodeOf(summary)
}

/** @throws SetupError if a file cannot be opened, or cannot be read to its end */
export async function survey(files: readonly string[]): Promise<PreviewSummary> {
  await checkSources(files)
  const maxLineBytes = readNumberSetting('KM_MAX_LINE_BYTES', process.env)
  const survey = new Survey()
  await using pool = new DigestPool()
  const { onLines, end } = progress()
  try {
    for (const file of files) await surveyFile(await openSource(file, Date.now()), survey, { maxLineBytes, pool, onLines })
  } finally {
    end()
  }
  return survey.summary()
}

/** Counts lines on a terminal. Without a terminal, nothing is shown. */
function progress(): { readonly onLines: (lines: number) => void; readonly end: () => void } {
  if (!process.stderr.isTTY) return { onLines: () => undefined, end: () => undefined }
  const status = new StatusLine(process.stderr)
  let lines = 0
  let shownAt = Date.now()
  return {
    onLines: (more) => {
      lines += more
      if (Date.now() - shownAt < PROGRESS_MS) return
      shownAt = Date.now()
      status.show(`${grouped(lines)} lines read`)
    },
    end: () => {
      status.clear()
    },
  }
}

function exitCodeOf({ refused, lines }: PreviewSummary): ExitCode {
  if (refused.length > 0) return EXIT.unusable
  return lines.rejected > 0 ? EXIT.someLinesLeft : EXIT.ok
}
