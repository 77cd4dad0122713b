import path from 'node:path'
import { SetupError } from '../../lambda/errors.ts'
import { readColumns } from '../preview/read-columns.ts'
import { checkSources, openSource } from '../preview/sources.ts'
import { readFix, type Fix } from '../../lambda/rules/fix.ts'
import { hasDateWithoutZone } from '../../lambda/rules/fixes/times.ts'
import { linesOf } from '../../lambda/rules/lines-of.ts'
import { rejectionOf } from '../rejects/validate.ts'
import { displayPath } from '../terminal/display-path.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { counted, grouped, printable, shellWord, writeMessage } from '../terminal/output.ts'
import { NewFile } from './new-file.ts'
import { linesIn, type FileLine } from './read.ts'

export interface FixFlags {
  readonly fix: readonly string[]
  readonly output?: string
  /** File with a mapping of columns. */
  readonly columns?: string
}

/**
 * Converts a file into a new one, line by line. The file itself is never changed, and no line is left out.
 *
 * @throws SetupError if the file cannot be converted; what was written until then stays
 */
export async function fix(name: string, flags: FixFlags): Promise<ExitCode> {
  if (flags.fix.length === 0 && flags.columns === undefined)
    throw new SetupError(
      `Say what to fix, for example --fix array. To see what is wrong, run: npx km-import preview ${shellWord(printable(name))}`,
    )
  const fixes = flags.fix.map(readFix)
  const columns = await readColumns(flags.columns)
  await checkSources([name])
  const source = await openSource(name, Date.now())
  const output =
    flags.output ??
    `${path.basename(name === '-' ? 'stdin' : name).replace(/(\.(?:jsonl?|ndjson|csv|txt))?(\.(?:gz|zip|zst|br))?$/i, '')}.fixed.jsonl`
  const counts = { lines: 0, valid: 0, undated: 0 }
  try {
    await using file = await NewFile.create(output)
    for await (const line of linesIn(source, fixes, columns)) {
      const lines = fixed(line, fixes)
      counts.lines += lines.length
      for (const text of lines) {
        if (rejectionOf(text) === undefined) counts.valid += 1
        else if (hasDateWithoutZone(text)) counts.undated += 1
      }
      await file.write(lines)
    }
  } finally {
    source.body.destroy()
  }
  writeMessage(process.stderr, resultText(counts, output, fixes))
  return counts.valid === counts.lines ? EXIT.ok : EXIT.someLinesLeft
}

/** Applies the fixes that change lines; the others were applied when the file was read. */
function fixed({ text, isSplit }: FileLine, fixes: readonly Fix[]): readonly string[] {
  const toApply = isSplit ? fixes.filter(({ isOfFile }) => !isOfFile) : fixes
  return linesOf(toApply.reduce((line, { apply }) => apply(line), text))
}

function resultText(
  { lines, valid, undated }: { lines: number; valid: number; undated: number },
  output: string,
  fixes: readonly Fix[],
): string {
  const name = printable(displayPath(path.resolve(output)))
  const rows = [`${counted(lines, 'line')} written to ${name}, ${grouped(valid)} of them can be sent.`]
  if (undated > 0 && fixes.some(({ name: fixName }) => fixName === 'dates'))
    rows.push(
      `${counted(undated, 'date')} without a time zone: which zone is it? Use --fix dates:UTC or, for example, --fix dates:+01:00 instead of --fix dates.`,
    )
  rows.push(`Look at it before you import it: npx km-import preview ${shellWord(output)}`)
  return `${rows.join('\n')}\n`
}
