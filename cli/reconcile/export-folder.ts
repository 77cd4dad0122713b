import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { printable } from '../terminal/output.ts'

/** A data export of Kissmetrics that was copied to this computer. */
export interface ExportFolder {
  /** Paths of its revision files, in the order of their numbers. */
  readonly files: readonly string[]
  /** The times of the commands in it, in seconds since 1970. Undefined if the folder has no index.csv. */
  readonly period: Period | undefined
  /** Revisions that Kissmetrics had not exported yet, according to status.csv. */
  readonly waiting: number
}

/** In seconds since 1970; both ends are included. */
export interface Period {
  readonly first: number
  readonly last: number
}

const REVISION = /\.jsonl?(?:\.(?:gz|zip|zst|br))?$/i

/**
 * Finds the files of an export: `revisions/1.json` and so on, beside `index.csv` and `status.csv`. The two tables may be missing.
 *
 * @see Kissmetrics, "Data Export"
 * @throws SetupError if there is no revision file
 */
export async function readExportFolder(folder: string): Promise<ExportFolder> {
  const revisions = path.join(folder, 'revisions')
  const hasRevisions = (await namesIn(folder)).includes('revisions')
  const within = hasRevisions ? revisions : folder
  const names = (await namesIn(within)).filter((name) => REVISION.test(name))
  if (names.length === 0)
    throw new SetupError(
      `${printable(folder)} has no files of a Kissmetrics data export. Copy the folder "revisions" and the file index.csv from the bucket of the export, and name the folder that they are in.`,
    )
  const [index, status] = await Promise.all([tableIn(path.join(folder, 'index.csv')), tableIn(path.join(folder, 'status.csv'))])
  const inOrder = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return { files: inOrder.map((name) => path.join(within, name)), period: periodOf(index), waiting: waitingIn(status) }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((cause: unknown) => {
    const why = codeOf(cause) === 'ENOENT' ? 'there is no such folder' : codeOf(cause)
    throw new SetupError(`${printable(folder)} cannot be read: ${why}. Name the folder of a Kissmetrics data export.`, { cause })
  })
}

type Row = Readonly<Record<string, string>>

/** The rows of a table of the export, by the names of its columns. Its fields have no commas. @returns none if there is no file */
async function tableIn(file: string): Promise<readonly Row[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return ''
    throw new SetupError(`${printable(file)} cannot be read (${codeOf(error)}). Check the permissions.`, { cause: error })
  })
  const [columns = [], ...rows] = text
    .split(/\r?\n/)
    .filter((row) => row !== '')
    .map((row) => row.split(',').map((field) => field.trim()))
  return rows.map((fields) => Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? ''])))
}

function periodOf(index: readonly Row[]): Period | undefined {
  const firsts = numbersOf(index, 'Minimum Timestamp')
  const lasts = numbersOf(index, 'Maximum Timestamp')
  if (firsts.length === 0 || lasts.length === 0) return undefined
  return { first: firsts.reduce((a, b) => Math.min(a, b)), last: lasts.reduce((a, b) => Math.max(a, b)) }
}

function waitingIn(status: readonly Row[]): number {
  const [total = 0] = numbersOf(status, 'Total Revisions')
  const [exported = total] = numbersOf(status, 'Exported Revisions')
  return Math.max(0, total - exported)
}

function numbersOf(rows: readonly Row[], column: string): readonly number[] {
  return rows.flatMap(({ [column]: text = '' }) => (/^\d+$/.test(text) ? [Number(text)] : []))
}
