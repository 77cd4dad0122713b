import type { Rule } from '../../lambda/rules/rule.ts'
import { counted, printable } from '../terminal/output.ts'
import type { KeptRows } from './closing/kept-rows.ts'
import { fileThatWasFixed } from './closing/fixed-file.ts'
import { extractLines, type EditedRows } from './edited-rows.ts'
import { findFile, isWrittenBySend } from './files.ts'
import type { FileToSend } from './pending.ts'
import { rulesForFixed } from './pinned-rules.ts'

export interface FilesToSend {
  /** Each file once. A file of rows that the user has edited is replaced by the files of its lines. */
  readonly files: readonly FileToSend[]
  /** To store when the lines are sent. */
  readonly kept: readonly KeptRows[]
  /** Some rows have no valid line yet. */
  readonly hasUnfixed: boolean
}

export interface FilesOptions {
  /** The rules that the user gives. */
  readonly rules: readonly Rule[]
  readonly isAgain: boolean
  /** Called with what the user should know about a file. */
  readonly warn: (message: string) => void
}

/** @throws SetupError if a file cannot be sent */
export async function findFilesToSend(names: readonly string[], { rules, isAgain, warn }: FilesOptions): Promise<FilesToSend> {
  const files = new Map<string, FileToSend>()
  const kept: KeptRows[] = []
  let hasUnfixed = false
  const add = async (name: string, fileRules: readonly Rule[]): Promise<void> => {
    const file = await findFile(name)
    files.set(file.path, { file, rules: fileRules })
  }
  for (const name of names) {
    const found = await findFile(name)
    if (names.length > 1 && isWrittenBySend(found.path)) {
      if (found.path.endsWith('.jsonl'))
        warn(`${found.name} has rejected lines and is skipped. To send the lines that you have fixed, send it alone.`)
      continue
    }
    const edited = await extractLines(name, { rules, isAgain })
    if (edited.kind === 'not-rows') {
      const parent = fileThatWasFixed(found.path)
      await add(name, parent === undefined ? rules : await rulesForFixed(parent, rules))
      continue
    }
    rowsNotes(found.name, edited).forEach(warn)
    for (const extracted of edited.files) await add(extracted.name, extracted.rules)
    if (edited.kept !== undefined) kept.push(edited.kept)
    hasUnfixed ||= edited.rows.unfixed > 0
  }
  return { files: [...files.values()], kept, hasUnfixed }
}

/** What happens with the rows of a file. */
function rowsNotes(name: string, { files, rows, kept }: Extract<EditedRows, { readonly kind: 'rows' }>): readonly string[] {
  const { unfixed, withoutLine, sentBefore, deleted } = rows
  const rest = withoutLine === 0 ? '' : ` ${counted(withoutLine, 'row')} without "line" will not be sent.`
  const again = files.length + unfixed === 0 ? ' Use --again to send them again.' : ''
  return [
    ...(sentBefore === 0
      ? []
      : [
          `${counted(sentBefore, 'line')} of ${name} ${are(sentBefore)} left out: an earlier send has delivered ${sentBefore === 1 ? 'it' : 'them'}.${again}`,
        ]),
    ...(files.length === 0
      ? []
      : [`The lines of ${name} are sent as ${files.map((file) => printable(file.name)).join(' and ')}.${rest}`]),
    ...(unfixed === 0 ? [] : [unfixedNote(name, unfixed, files.length > 0)]),
    ...(deleted === 0 || kept === undefined
      ? []
      : [
          `${counted(deleted, 'rejected line')} ${deleted === 1 ? 'has' : 'have'} no row in ${name} any more, and ${deleted === 1 ? 'counts' : 'count'} as discarded in the report.`,
        ]),
  ]
}

function unfixedNote(name: string, unfixed: number, isPart: boolean): string {
  if (isPart) return `${counted(unfixed, 'line')} of ${name} ${are(unfixed)} left out: of their file, none is valid yet.`
  return `${name} has rejected lines, and none of them is valid yet. Fix them first.`
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are'
}
