import { createHash } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { SetupError } from '../../lambda/errors.ts'
import { rangesOf } from '../../lambda/common/line-ranges.ts'
import { notDelivered } from '../../lambda/report/report.ts'
import type { ReasonCode } from '../../lambda/reasons.ts'
import { lineChanges } from '../../lambda/rules/line-changes.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Row } from '../rejects/row.ts'
import { hasRows, readRows } from '../rejects/rows.ts'
import { rejectionOfRow } from '../rejects/validate.ts'
import { displayPath } from '../terminal/display-path.ts'
import { grouped, printable } from '../terminal/output.ts'
import { stateFileError } from './atomic-file.ts'
import { deliveredSince, readClosedLines, type ClosedLines } from './closing/closed-lines.ts'
import { fixedFileName, readFixedFile, writeFixedFile, type FixedFile } from './closing/fixed-file.ts'
import type { KeptRows } from './closing/kept-rows.ts'
import { findRejectingSend, rowIdOf, sentFileOfRejected, type RejectingSend } from './closing/rejecting-send.ts'
import { etagOf } from './files.ts'
import { rulesForFixed } from './pinned-rules.ts'

export interface ExtractOptions {
  /** The rules that the user gives. */
  readonly rules?: readonly Rule[]
  /** Also the lines that an earlier send has delivered. */
  readonly isAgain?: boolean
}

/** What a file is: rows that the user has edited, or a file of lines. */
export type EditedRows =
  | { readonly kind: 'not-rows' }
  | {
      readonly kind: 'rows'
      /** Files with the lines of the rows. None if no row has a valid line yet, or none is left. */
      readonly files: readonly ExtractedFile[]
      readonly rows: Readonly<Record<'unfixed' | 'withoutLine' | 'sentBefore' | 'deleted', number>>
      /** To store when the lines are sent: from then on, the lines of deleted rows count as discarded. */
      readonly kept?: KeptRows
    }

export interface ExtractedFile {
  /** Path, as the user reads it. */
  readonly name: string
  /** The lines are sent with. */
  readonly rules: readonly Rule[]
}

/**
 * Copies the lines of a file of rows (a FILE.rejected.jsonl that the user has edited) to files of lines, which can be sent: one for each file
 * that they were rejected from.
 *
 * A new file is named after its content. So the same command, run again, continues the same file.
 *
 * @throws SetupError if the user has to decide what a row means; nothing is sent then
 */
export async function extractLines(name: string, { rules = [], isAgain = false }: ExtractOptions = {}): Promise<EditedRows> {
  const sentFile = sentFileOfRejected(name)
  const own = sentFile === undefined ? undefined : await findRejectingSend(sentFile)
  const isEmptied = own !== undefined && (await stat(name)).size === 0
  if (!isEmptied && !(await hasRows(name))) return { kind: 'not-rows' }
  const rows = isEmptied ? [] : await readRows(name)
  const counts = { unfixed: 0, withoutLine: 0, sentBefore: 0, deleted: 0 }
  const groups: (RowsToSend & { readonly isAnyValid: boolean })[] = []
  for (const [send, all] of await bySend(rows, own)) {
    const unsent = isAgain || send === undefined ? all : await withoutDelivered(all, send)
    const withLine = unsent.flatMap(({ line, ...row }) => (line === undefined ? [] : [{ ...row, line: line.trim() }]))
    counts.sentBefore += all.length - unsent.length
    counts.withoutLine += unsent.length - withLine.length
    const group = { send, rows: withLine, rules: send === undefined ? rules : await rulesForFixed(send.path, rules) }
    groups.push({ ...group, isAnyValid: reasonsOf(group).includes(undefined) })
  }
  const files: ExtractedFile[] = []
  if (groups.some(({ isAnyValid }) => isAnyValid)) for (const group of groups) refuseUndecoded(name, group)
  for (const group of groups) {
    if (group.isAnyValid) files.push({ name: displayPath(await writeLines(name, group)), rules: group.rules })
    else counts.unfixed += group.rows.length
  }
  const kept = own && keptRows(own, rows)
  if (own !== undefined && kept !== undefined) counts.deleted = countDeleted(own, kept, await readClosedLines(own))
  return { kind: 'rows', files, rows: counts, ...(kept !== undefined && { kept }) }
}

type RowWithLine = Row & { readonly line: string }

/** Rows whose lines were rejected by the same send; undefined if that is not known. */
interface RowsToSend {
  readonly send: RejectingSend | undefined
  readonly rows: readonly RowWithLine[]
  readonly rules: readonly Rule[]
}

/** Rows by the send that has rejected their lines; undefined for a row of other origin. @param own the send whose rejected lines are in this file */
async function bySend(
  rows: readonly Row[],
  own: RejectingSend | undefined,
): Promise<ReadonlyMap<RejectingSend | undefined, readonly Row[]>> {
  const known = new Map<string, RejectingSend | undefined>()
  const groups = new Map<RejectingSend | undefined, Row[]>()
  for (const row of rows) {
    const key = row.source?.key ?? ''
    if (key !== own?.path && !known.has(key)) known.set(key, await findRejectingSend(key))
    const send = [own, known.get(key)].find((each) => each !== undefined && isOf(each, row))
    const group = groups.get(send)
    if (group === undefined) groups.set(send, [row])
    else group.push(row)
  }
  return groups
}

function isOf({ id }: RejectingSend, { id: rowId, source }: Row): boolean {
  return source !== undefined && rowId === rowIdOf(id, source.line)
}

async function withoutDelivered(rows: readonly Row[], send: RejectingSend): Promise<readonly Row[]> {
  const isDelivered = await deliveredSince(send)
  return rows.filter(({ source }) => !isDelivered(source?.line ?? 0))
}

function reasonsOf({ rows, rules }: RowsToSend): readonly (ReasonCode | undefined)[] {
  const changes = lineChanges(rules)
  return rows.map(({ line, isPatched }) => rejectionOfRow(line, isPatched, changes)?.reason)
}

/** @throws SetupError if the bytes of a line were not UTF-8, and a character is still to be replaced */
function refuseUndecoded(name: string, group: RowsToSend): void {
  const index = reasonsOf(group).findIndex((reason, at) => reason === 'invalid_encoding' && group.rows[at]?.isPatched === true)
  const undecoded = group.rows[index]
  if (undecoded !== undefined)
    throw new SetupError(
      `${printable(name)}, line ${grouped(undecoded.number)}: some bytes of the line were not UTF-8. Replace each "\ufffd" with the right character and delete "lineBase64". Nothing was sent.`,
    )
}

function keptRows(send: RejectingSend, rows: readonly Row[]): KeptRows {
  const lines = rows.flatMap((row) => (row.source !== undefined && isOf(send, row) ? [row.source.line] : []))
  return { send, lines: rangesOf(lines) }
}

/** Of the lines that no earlier send has closed, those without a row. */
function countDeleted({ report }: RejectingSend, { lines }: KeptRows, { fixed, discarded }: ClosedLines): number {
  const present = new Set([...fixed, ...discarded])
  for (const [first, last] of lines) for (let line = first; line <= last; line += 1) present.add(line)
  return Math.max(0, notDelivered(report) - present.size)
}

async function writeLines(rowsName: string, { send, rows }: RowsToSend): Promise<string> {
  const text = rows.map(({ line }) => `${line}\n`).join('')
  const digest = createHash('sha256').update(text)
  if (send === undefined) {
    const path = fixedFileName(rowsName.replace(/(\.rejected)?(\.jsonl?)?$/, ''), digest.digest('hex'))
    await writeIfMissing(path, text)
    return path
  }
  const lines = rows.map(({ source }) => source?.line ?? 0)
  const path = fixedFileName(send.path, digest.update(JSON.stringify([send.id, lines])).digest('hex'))
  await writeIfMissing(path, text)
  const etag = etagOf(await stat(path))
  if ((await readFixedFile(path))?.etag !== etag) await writeFixedFile(path, await fixedFileOf(send, etag, lines))
  return path
}

/** A file that exists is not written again, because it may be half sent. If it is shorter, a run was killed before it sent anything. */
async function writeIfMissing(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.size === Buffer.byteLength(text)) return
  await writeFile(path, text, { mode: 0o600 }).catch((cause: unknown) => {
    throw stateFileError(path, cause)
  })
}

async function fixedFileOf({ path, id }: RejectingSend, etag: string, lines: readonly number[]): Promise<FixedFile> {
  const parent = await readFixedFile(path)
  if (parent === undefined || parent.etag !== id.etag) return { etag, replaces: id, lines }
  const { key, etag: firstEtag, lines: firstLines } = parent.origin ?? { ...parent.replaces, lines: parent.lines }
  return { etag, replaces: id, lines, origin: { key, etag: firstEtag, lines: lines.map((line) => firstLines[line - 1] ?? line) } }
}
