import { constants, existsSync, type Stats } from 'node:fs'
import { access, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { printable } from '../terminal/output.ts'

/** A file that is to be sent, and what is kept beside it. */
export interface SentFile {
  /** As the person named it, harmless for a terminal. */
  readonly name: string
  readonly path: string
  /** The file as it is now: one that was changed is another. */
  readonly file: SourceFile
  readonly reportPath: string
  readonly rejectedPath: string
  /** How far its send is; there while it is not finished. */
  readonly statePath: string
}

/** What stands for the bucket in reports and dead letters of a send. */
export const HERE = 'this computer'

/**
 * Looks at a file before anything is done with it: that it can be read, and that what is kept beside it can be written.
 *
 * @throws SetupError
 */
export async function findFile(name: string): Promise<SentFile> {
  const shown = printable(name)
  if (name === '-')
    throw new SetupError(
      'What comes in by a pipe can be read once only, and an interrupted send could not go on. Write it to a file, and name that.',
    )
  if (name.startsWith('s3://'))
    throw new SetupError(
      `${shown} is in a bucket. Fetch it first (aws s3 cp), or drop it under incoming/ of the importer's bucket.`,
    )
  const file = path.resolve(name)
  const stats = await stat(file).catch((cause: unknown) => {
    const why = codeOf(cause) === 'ENOENT' ? 'there is no such file' : codeOf(cause)
    throw new SetupError(`${shown} cannot be sent: ${why}. Check the name, and that you may read it.`, { cause })
  })
  if (!stats.isFile())
    throw new SetupError(`${shown} is no file. Name the files in it, such as ${shown.replace(/\/$/, '')}/*.jsonl.`)
  await allowed(file, constants.R_OK, `${shown} may not be read. Give yourself access (chmod u+r), or name another.`)
  await allowed(
    path.dirname(file),
    constants.W_OK,
    `The folder of ${shown} may not be written, and what comes back is kept beside the file. Copy the file into a folder of yours.`,
  )
  return {
    name: shown,
    path: file,
    file: { bucket: HERE, key: file, etag: tagOf(stats), bytes: stats.size },
    reportPath: beside(file, 'report.json'),
    rejectedPath: beside(file, 'rejected.jsonl'),
    statePath: beside(file, 'send-state.json'),
  }
}

/** Another one where the file is another one, or was written to. */
export function tagOf({ size, mtimeMs, ino }: Pick<Stats, 'size' | 'mtimeMs' | 'ino'>): string {
  return `${size}-${Math.trunc(mtimeMs)}-${ino}`
}

async function allowed(what: string, mode: number, otherwise: string): Promise<void> {
  await access(what, mode).catch((cause: unknown) => {
    throw new SetupError(otherwise, { cause })
  })
}

/** What `*.json*` names as well, once files there were sent: their reports, how far they are, and what came back. */
export function isLeftBySend(file: string): boolean {
  const [, stem] = /^(.*)\.(?:(?:report|send-state)(?:\.\d+)?\.json|rejected(?:\.\d+)?\.jsonl)$/.exec(file) ?? []
  return stem !== undefined && existsSync(stem)
}

function beside(file: string, ending: string): string {
  return `${file}.${ending}`
}

/** Gives a file a number in its name, so that the next one of that name does not replace it. @returns undefined where there is none */
export async function keepUnderNumber(file: string): Promise<string | undefined> {
  const { dir, name, ext } = path.parse(file)
  for (let number = 1; ; number += 1) {
    const kept = path.join(dir, `${name}.${number}${ext}`)
    const isTaken = await stat(kept).then(
      () => true,
      () => false,
    )
    if (isTaken) continue
    try {
      await rename(file, kept)
      return kept
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }
}
