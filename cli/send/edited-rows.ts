import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { SetupError } from '../../lambda/errors.ts'
import { isBlank } from '../../lambda/parse/line.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { rejectionOfRow } from '../rejects/validate.ts'
import { readRows } from '../rejects/rows.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable } from '../terminal/output.ts'
import { stateFileError } from './atomic-file.ts'

const FIRST_LINE_BYTES = 1_048_576

/**
 * The lines of a file of rows, as an earlier send or `rejects pull` wrote it and a person mended it, as a file of their own. It is named by
 * what is in it, so that the same command, given again, goes on with the same file.
 *
 * @returns the name of that file, or undefined where the file is no file of rows, or `none` where no row of it can be sent yet
 * @throws SetupError where a row cannot be meant as it is; nothing is sent then
 */
export async function editedLines(
  name: string,
): Promise<{ readonly name: string; readonly wholes: number } | 'none' | undefined> {
  if (!(await holdsRows(name))) return undefined
  const rows = await readRows(name)
  if (!rows.some(({ line, isPatched }) => line !== undefined && rejectionOfRow(line, isPatched) === undefined)) return 'none'
  const unread = rows.find(
    ({ line, isPatched }) => line !== undefined && isPatched && rejectionOfRow(line, true)?.reason === 'invalid_encoding',
  )
  if (unread !== undefined)
    throw new SetupError(
      `${printable(name)}, line ${grouped(unread.number)}: some of its bytes were no text. Write what is meant for each "\ufffd" and take "lineBase64" out; nothing was sent.`,
    )
  const lines = rows.flatMap(({ line }) => (line === undefined ? [] : [line.trim()]))
  const text = lines.map((line) => `${line}\n`).join('')
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const edited = `${name.replace(/(\.rejected)?(\.jsonl?)?$/, '')}.mended-${digest}.jsonl`
  // One that is there may be in the middle of its send; only where a run died while it was written it is shorter, and nothing was sent.
  const found = await stat(edited).catch(() => undefined)
  if (found?.size !== Buffer.byteLength(text))
    await writeFile(edited, text, { mode: 0o600 }).catch((cause: unknown) => {
      throw stateFileError(edited, cause)
    })
  return { name: displayPath(edited), wholes: rows.length - lines.length }
}

/** Told by its first line, which no file of commands has. */
async function holdsRows(name: string): Promise<boolean> {
  const body = createReadStream(name, { end: FIRST_LINE_BYTES })
  try {
    const { batches } = await openLines(body, { maxLineBytes: FIRST_LINE_BYTES })
    for await (const batch of batches) {
      const first = batch.find(({ text }) => !isBlank(text))
      if (first !== undefined) return isRow(first.text)
    }
    return false
  } catch {
    return false // what it is is said when it is looked at as a file of commands
  } finally {
    body.destroy()
  }
}

function isRow(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return (
      typeof value === 'object' && value !== null && !('_p' in value) && 'reason' in value && 'detail' in value && 'id' in value
    )
  } catch {
    return false
  }
}
