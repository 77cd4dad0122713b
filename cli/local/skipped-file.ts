import type { Stats } from 'node:fs'
import { Readable } from 'node:stream'
import { headBytes, skipReasonOf } from '../../lambda/jobs/skip-reason.ts'
import { isImportName } from '../../lambda/keys.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { MAX_LINE_BYTES, type ReadRange } from './unsent-part.ts'

const LIMITS = { maxLineBytes: MAX_LINE_BYTES }

/**
 * Why the importer would skip a file, as a sentence. Such a file is not uploaded: the folder can be one with videos and archives, and each
 * would be copied into the state folder only to be skipped there.
 *
 * @param read reads bytes of the file
 * @param rules the import rules for a file with this key: they may know its columns
 * @returns undefined if the file is to be uploaded
 */
export async function whySkipped(
  read: ReadRange,
  key: string,
  { size, mtime }: Pick<Stats, 'size' | 'mtime'>,
  rules: readonly Rule[],
): Promise<string | undefined> {
  if (isImportName(key)) return undefined
  const body = Readable.from([await read(0, Math.min(size, headBytes(LIMITS)))])
  const readEnd = async (bytes: number) => ({ tail: await read(Math.max(0, size - bytes), size), fileBytes: size })
  const reason = await skipReasonOf(
    { kind: 'open', body, bytes: size, etag: '', lastModified: mtime, name: key, readEnd },
    LIMITS,
    rules,
  )
  return reason?.detail
}
