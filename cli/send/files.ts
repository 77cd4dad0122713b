import { constants, existsSync, type Stats } from 'node:fs'
import { access, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { printable } from '../terminal/output.ts'

/** A file to send, and the files that a send keeps beside it. */
export interface SentFile {
  /** As the user gave it, escaped for a terminal. */
  readonly name: string
  readonly path: string
  /** The file as the importer sees it. Its ETag changes when the file changes. */
  readonly source: SourceFile
  readonly reportPath: string
  readonly rejectedPath: string
  /** The state of the send; the file exists until the send has ended. */
  readonly statePath: string
}

/** The name of the bucket in reports and dead letters. */
export const LOCAL_BUCKET = 'this computer'

/**
 * Checks that a file can be read, and that a send can write beside it.
 *
 * @throws SetupError
 */
export async function findFile(name: string): Promise<SentFile> {
  const shown = printable(name)
  if (name === '-')
    throw new SetupError(
      'Standard input can be read only once, so an interrupted send could not continue. Write it to a file, and send the file.',
    )
  if (name.startsWith('s3://'))
    throw new SetupError(
      `${shown} is in a bucket. Download it first (aws s3 cp), or copy it to incoming/ in the bucket of the importer.`,
    )
  const file = path.resolve(name)
  const stats = await stat(file).catch((cause: unknown) => {
    const why = codeOf(cause) === 'ENOENT' ? 'there is no such file' : codeOf(cause)
    throw new SetupError(`${shown} cannot be sent: ${why}. Check the name and the permissions.`, { cause })
  })
  if (!stats.isFile())
    throw new SetupError(
      `${shown} is not a file, so an interrupted send could not continue. Write what it contains to a file, and send that.`,
    )
  await requireAccess(
    file,
    constants.R_OK,
    `You are not allowed to read ${shown}. Change its permissions (chmod u+r), or send another file.`,
  )
  await requireAccess(
    path.dirname(file),
    constants.W_OK,
    `You are not allowed to write to the folder of ${shown}, and report and rejected lines are kept beside the file. Copy the file to a folder of your own.`,
  )
  return {
    name: shown,
    path: file,
    source: { bucket: LOCAL_BUCKET, key: file, etag: etagOf(stats), bytes: stats.size },
    reportPath: `${file}.report.json`,
    rejectedPath: `${file}.rejected.jsonl`,
    statePath: `${file}.send-state.json`,
  }
}

/** Changes when the file is replaced or written to. */
export function etagOf({ size, mtimeMs, ino }: Pick<Stats, 'size' | 'mtimeMs' | 'ino'>): string {
  return `${size}-${Math.trunc(mtimeMs)}-${ino}`
}

async function requireAccess(file: string, mode: number, message: string): Promise<void> {
  await access(file, mode).catch((cause: unknown) => {
    throw new SetupError(message, { cause })
  })
}

/** Where a send keeps the receipt of a file. */
export function receiptPathOf({ path: file }: Pick<SentFile, 'path'>): string {
  return `${file}.receipt.json`
}

/** Whether a send wrote the file beside another one. After a send, `*.json*` matches these files too. */
export function isWrittenBySend(file: string): boolean {
  const [, sentFile] =
    /^(.*)\.(?:(?:report|receipt|send-state|import-rules|undelivered|origins|kept-rows)(?:\.\d+)?\.json|rejected(?:\.\d+)?\.jsonl)$/.exec(
      file,
    ) ?? []
  return sentFile !== undefined && existsSync(sentFile)
}

/**
 * Renames a file to the next free number (`a.report.json` → `a.report.1.json`), so that it is not overwritten.
 *
 * @returns the new path, or undefined if there is no such file
 */
export async function renameToNumber(file: string): Promise<string | undefined> {
  const { dir, name, ext } = path.parse(file)
  for (let number = 1; ; number += 1) {
    const renamed = path.join(dir, `${name}.${number}${ext}`)
    const isTaken = await stat(renamed).then(
      () => true,
      () => false,
    )
    if (isTaken) continue
    try {
      await rename(file, renamed)
      return renamed
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }
}
