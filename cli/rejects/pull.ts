import { writeFile } from 'node:fs/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { deploymentOptionsOf } from '../deployment/options.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, printable } from '../terminal/output.ts'
import { applyFixes, fixPreview, inFileOrder, pulledCsv, pulledText, type PulledRow } from './pulled-rows.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { readFix } from './fix.ts'
import { scanDeadLetters } from './scan.ts'

export interface PullFlags extends DeploymentFlags, FilterFlags {
  readonly output?: string
  readonly fix: readonly string[]
  readonly csv: boolean
  readonly yes: boolean
}

/** Writes dead letters as rows to edit, for `rejects replay`. They stay where they are. */
export async function pull(flags: PullFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const matches = filterOf(flags)
  const fixes = flags.fix.map(readFix)
  const pulled: PulledRow[] = []
  let withoutRow = 0
  await using selection = await scanDeadLetters(
    await findDeployment(flags),
    (deadLetter) => {
      if (matches(deadLetter)) {
        const { id, content } = deadLetter
        if ('deadLetter' in content) pulled.push({ id, deadLetter: content.deadLetter })
        else withoutRow += 1
      }
      return false
    },
    interruption.signal,
  )
  if (interruption.happened) return EXIT.interrupted
  const rows = pulled.sort(inFileOrder).map((row) => applyFixes(row, fixes))
  if (fixes.length > 0) {
    process.stderr.write(fixPreview(rows, fixes))
    if (!(await confirm(`Write ${counted(rows.length, 'dead letter')} to ${flags.output ?? 'stdout'}?`, flags))) return EXIT.ok
  }
  await write(flags.csv ? pulledCsv(rows) : pulledText(rows), flags.output)
  process.stderr.write(nextSteps(rows.length, withoutRow, selection.isComplete, flags))
  return EXIT.ok
}

async function write(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  await writeFile(file, text, { flag: 'wx' }).catch((cause: unknown) => {
    const code = codeOf(cause)
    throw new SetupError(
      code === 'EEXIST'
        ? `--output is "${file}": the file exists and may contain your edits. Choose another name, or delete the file.`
        : `--output is "${file}": the file could not be written (${code}). Choose another name.`,
      { cause },
    )
  })
}

function nextSteps(rows: number, withoutRow: number, isComplete: boolean, flags: PullFlags): string {
  const { output, csv: isCsv } = flags
  const options = deploymentOptionsOf(flags)
  const stay = rows === 1 ? 'It stays in the queue until you replay it.' : 'They stay in the queue until you replay them.'
  const sentences = [`${counted(rows, 'dead letter')} written. ${stay}`]
  if (withoutRow > 0)
    sentences.push(
      `${counted(withoutRow, 'message')} more ${withoutRow === 1 ? 'is a failed import' : 'are failed imports'}, not lines. To try again, run: npx km-import rejects replay --all-valid${options}`,
    )
  if (!isComplete) sentences.push('There are more: one run reads at most 100,000. Replay these, then pull again.')
  if (rows > 0 && !isCsv && output !== undefined)
    sentences.push(
      `Fix "line" in each row and delete rows that you do not want to send. Then run: npx km-import rejects replay ${printable(output)}${options}`,
    )
  return `${sentences.join('\n')}\n`
}
