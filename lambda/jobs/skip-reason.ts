import type { SourceFile } from '../intake/source-file.ts'
import { isImportName, isTemporaryName } from '../keys.ts'
import { toEntry, type Entry } from '../parse/entry.ts'
import { latestTimeFor } from '../parse/line.ts'
import { admit } from '../parse/sniff.ts'
import type { OpenFile, SourceFiles } from '../ports.ts'
import { openLines, UnreadableFile, UnsupportedPacking, VanishedFile, type Line } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import { readOptions } from './read-options.ts'

/** Lines without `_p` after which no other line is expected to have it. */
const MAX_LINES = 1000

type Limits = { readonly maxLineBytes: number }

/**
 * Why an object of the bucket is not imported, although nothing is wrong with it: it is not meant for the importer.
 *
 * An object whose name says that it is a file to import is never skipped: if it is not one, it is rejected, with a dead letter. For
 * any other object, its first bytes decide.
 *
 * @returns undefined if the object is imported, or is gone
 * @throws the error of S3
 */
export async function skipReason(file: SourceFile, files: SourceFiles, limits: Limits): Promise<Rejection | undefined> {
  if (isImportName(file.key)) return undefined
  if (file.key.endsWith('/')) return reject('not_for_import', 'it is a folder')
  if (isTemporaryName(file.key)) return reject('not_for_import', 'its name is that of a temporary or hidden file')
  const head = await files.open(file, { start: 0, end: headBytes(limits) })
  switch (head.kind) {
    case 'open':
      return skipReasonOf(head, limits).catch((error: unknown) => {
        if (error instanceof VanishedFile) return undefined
        throw error
      })
    case 'locked':
      return reject('object_unreadable', 'it is in an archive storage class')
    case 'gone':
    case 'superseded':
      return undefined
  }
}

/** How much of a file has to be read: the longest line that can be sent, and one byte that shows that a line is longer. */
export function headBytes({ maxLineBytes }: Limits): number {
  return maxLineBytes + 1
}

/** The same for an object with any name, by its content. @param head the first bytes of the object, or all */
export async function skipReasonOf(head: OpenFile, { maxLineBytes }: Limits): Promise<Rejection | undefined> {
  try {
    if (head.bytes === 0) return reject('not_for_import', 'it is empty')
    return await withoutPersons(head, maxLineBytes)
  } finally {
    head.body.destroy()
  }
}

/** Each line needs `_p`. A file whose first lines have none would only fill the dead-letter queue. */
async function withoutPersons(head: OpenFile, maxLineBytes: number): Promise<Rejection | undefined> {
  let lines = 0
  try {
    const reading = await openLines(head.body, { maxLineBytes, ...readOptions(head, undefined) })
    for await (const admission of admit(entriesOf(reading.batches, head), reading)) {
      if (admission.kind === 'refused') return admission.rejection
      for (const { line } of admission.entries) {
        if (mentionsPerson(line)) return undefined
        lines += 1
        if (lines >= MAX_LINES) return noPerson()
      }
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    // The head of a large compressed file is cut off.
    if (error instanceof UnsupportedPacking || head.bytes <= headBytes({ maxLineBytes })) return error.rejection
  }
  return noPerson()
}

async function* entriesOf(batches: AsyncIterable<readonly Line[]>, { lastModified }: OpenFile): AsyncGenerator<Entry[]> {
  const rules = { latestTime: latestTimeFor(lastModified) }
  for await (const batch of batches) yield batch.map((line) => toEntry(line, rules, ''))
}

/** A line that is too long, or damaged, counts too: it has a dead letter of its own. */
function mentionsPerson({ text, fault }: Line): boolean {
  return (fault === undefined ? text : new TextDecoder().decode(fault.bytes)).includes('"_p"')
}

function noPerson(): Rejection {
  return reject('not_for_import', 'none of its first lines has `_p`')
}
