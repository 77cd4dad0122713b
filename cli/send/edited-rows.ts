import { createHash } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { SetupError } from '../../lambda/errors.ts'
import type { LineChanges } from '../../lambda/parse/line.ts'
import { lineChanges } from '../../lambda/rules/line-changes.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Row } from '../rejects/row.ts'
import { hasRows, readRows } from '../rejects/rows.ts'
import { rejectionOfRow } from '../rejects/validate.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable } from '../terminal/output.ts'
import { stateFileError } from './atomic-file.ts'

/** What a file is: rows that the user has fixed, or a file of lines. */
export type EditedRows =
  | { readonly kind: 'not-rows' }
  /** No row has a valid line yet. */
  | { readonly kind: 'not-fixed' }
  /** @property name path of the file with the lines of the rows; `rowsWithoutLine` are left out */
  | { readonly kind: 'lines'; readonly name: string; readonly rowsWithoutLine: number }

/**
 * Copies the lines of a file of rows (a FILE.rejected.jsonl that the user has fixed) to a file of lines, which can be sent.
 *
 * The new file is named after its content. So the same command, run again, continues the same file.
 *
 * @param rules the lines are sent with: they may make a line valid
 * @throws SetupError if the user has to decide what a row means; nothing is sent then
 */
export async function extractLines(name: string, rules: readonly Rule[] = []): Promise<EditedRows> {
  if (!(await hasRows(name))) return { kind: 'not-rows' }
  const rows = await readRows(name)
  const changes = lineChanges(rules)
  if (!rows.some((row) => row.line !== undefined && reasonOf(row, changes) === undefined)) return { kind: 'not-fixed' }
  const undecoded = rows.find((row) => row.isPatched && reasonOf(row, changes) === 'invalid_encoding')
  if (undecoded !== undefined)
    throw new SetupError(
      `${printable(name)}, line ${grouped(undecoded.number)}: some bytes of the line were not UTF-8. Replace each "\ufffd" with the right character and delete "lineBase64". Nothing was sent.`,
    )
  const lines = rows.flatMap(({ line }) => (line === undefined ? [] : [line.trim()]))
  const path = await writeLines(name, lines.map((line) => `${line}\n`).join(''))
  return { kind: 'lines', name: displayPath(path), rowsWithoutLine: rows.length - lines.length }
}

function reasonOf({ line, isPatched }: Row, changes: LineChanges | undefined): string | undefined {
  return line === undefined ? undefined : rejectionOfRow(line, isPatched, changes)?.reason
}

async function writeLines(rowsName: string, text: string): Promise<string> {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const path = `${rowsName.replace(/(\.rejected)?(\.jsonl?)?$/, '')}.fixed-${digest}.jsonl`
  // A file that exists is not written again, because it may be half sent. If it is shorter, a run was killed before it sent anything.
  const found = await stat(path).catch(() => undefined)
  if (found?.size !== Buffer.byteLength(text))
    await writeFile(path, text, { mode: 0o600 }).catch((cause: unknown) => {
      throw stateFileError(path, cause)
    })
  return path
}
