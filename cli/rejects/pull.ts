import { writeFile } from 'node:fs/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { fitted } from '../terminal/layout.ts'
import { confirm } from '../terminal/confirm.ts'
import { csv } from '../terminal/csv.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import { collect, type Reject } from './collect.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { readFix, type Fix } from './fix.ts'
import { rejectionOf } from './validate.ts'
import { rowOf } from './row.ts'

export interface PullFlags extends DeploymentFlags, FilterFlags {
  readonly output?: string
  readonly fix: readonly string[]
  readonly csv: boolean
  readonly yes: boolean
}

interface Pulled {
  readonly reject: Reject
  /** Where it was mended. */
  readonly line?: string
}

/** Writes dead letters as lines that a person can edit, and gives back with `replay`. They stay where they are. */
export async function pull(flags: PullFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const isMeant = filterOf(flags)
  const fixes = flags.fix.map(readFix)
  const rejects: Reject[] = []
  let others = 0
  await using held = await collect(
    await findDeployment(flags),
    (reject) => {
      if (isMeant(reject)) {
        if ('deadLetter' in reject.content) rejects.push(reject)
        else others += 1
      }
      return false
    },
    interruption.signal,
  )
  if (interruption.happened) return EXIT.interrupted
  rejects.sort(inOrder)
  const pulled = rejects.map((reject) => edited(reject, fixes))
  if (fixes.length > 0) {
    process.stderr.write(previewOf(pulled, fixes))
    if (!(await confirm(`Write ${count(pulled.length)} to ${flags.output ?? 'stdout'}?`, flags))) return EXIT.ok
  }
  await write(flags.csv ? csvOf(pulled) : pulled.map(({ reject, line }) => `${rowOf(reject, line)}\n`).join(''), flags.output)
  process.stderr.write(sumOf(pulled.length, others, held.isWhole, flags))
  return EXIT.ok
}

function inOrder(a: Reject, b: Reject): number {
  if (!('deadLetter' in a.content && 'deadLetter' in b.content)) return 0
  const [one, other] = [a.content.deadLetter.source, b.content.deadLetter.source]
  return one.key.localeCompare(other.key) || (one.line ?? 0) - (other.line ?? 0)
}

function edited(reject: Reject, fixes: readonly Fix[]): Pulled {
  const before = reject.content.kind === 'line' ? reject.content.deadLetter.line : undefined
  if (before === undefined) return { reject }
  const line = fixes.reduce((text, { apply }) => apply(text), before)
  return line === before ? { reject } : { reject, line }
}

const EXAMPLES = 3

function previewOf(pulled: readonly Pulled[], fixes: readonly Fix[]): string {
  const changed = pulled.filter(({ line }) => line !== undefined)
  const isValid = ({ line }: Pulled): boolean => line !== undefined && rejectionOf(line) === undefined
  const rows = [
    `${fixes.map(({ name }) => printable(name)).join(', ')}: changes ${grouped(changed.length)} of ${count(pulled.length)}; ${grouped(changed.filter(isValid).length)} of them can be sent then.`,
  ]
  for (const { reject, line = '' } of changed.slice(0, EXAMPLES)) {
    const before = reject.content.kind === 'line' ? (reject.content.deadLetter.line ?? '') : ''
    rows.push(`  - ${fitted(before, 76)}`, `  + ${fitted(line, 76)}`)
  }
  return `${rows.join('\n')}\n`
}

function csvOf(pulled: readonly Pulled[]): string {
  return csv(
    ['reason', 'detail', 'drop', 'line number', 'failed at', 'replays', 'line', 'id'],
    pulled.flatMap(({ reject: { id, content }, line }) => {
      if (!('deadLetter' in content)) return []
      const { reason, detail, source, failedAt, replays, line: text = '' } = content.deadLetter
      return [[reason, detail, source.key, source.line ?? '', failedAt, replays, printable(line ?? text), id]]
    }),
  )
}

async function write(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    process.stdout.write(text)
    return
  }
  await writeFile(file, text, { flag: 'wx' }).catch((cause: unknown) => {
    const why = codeOf(cause)
    throw new SetupError(
      why === 'EEXIST'
        ? `--output is "${file}": it is there already, and may hold what you have edited. Name another, or remove it.`
        : `--output is "${file}": it could not be written (${why}). Name another.`,
      { cause },
    )
  })
}

function sumOf(rows: number, others: number, isWhole: boolean, { output, csv: isCsv }: PullFlags): string {
  const lines = [`${count(rows)} written. They stay in the queue until they are replayed.`]
  if (others > 0)
    lines.push(
      `${grouped(others)} more are work that failed as a whole and not lines: km-import rejects replay --all-valid sends it back.`,
    )
  if (!isWhole) lines.push('There are more than SQS shows at a time: replay these, then pull again.')
  if (rows > 0 && !isCsv && output !== undefined)
    lines.push(`Mend "line" in each, take out what you do not want to send, then: km-import rejects replay ${printable(output)}`)
  return `${lines.join('\n')}\n`
}

function count(deadLetters: number): string {
  return counted(deadLetters, 'dead letter')
}
