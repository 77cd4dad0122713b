import type { Readable } from 'node:stream'
import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import { SetupError } from '../../lambda/errors.ts'
import { isBlank } from '../../lambda/parse/line.ts'
import { openLines, UnreadableFile } from '../../lambda/read/lines.ts'
import type { UnpackOptions } from '../../lambda/read/open-unpacked.ts'
import { unpacked } from '../preview/unpacked.ts'
import type { Fix } from '../../lambda/rules/fix.ts'
import { grouped } from '../terminal/output.ts'
import { ObjectScanner } from './object-scanner.ts'

/** Limits memory. One line can be many objects, so it is more than KM_MAX_LINE_BYTES may be. */
const MAX_LINE_BYTES = 4 * 1_048_576

interface FixSource extends UnpackOptions {
  readonly body: Readable
}

export interface FileLine {
  readonly text: string
  /** Whether it is one of the objects that a fix has found in the file. */
  readonly isSplit: boolean
}

/**
 * The lines of a file, without blank ones. If one of the fixes is about the file as a whole, these are its objects, wherever their lines end.
 *
 * @throws SetupError if the file cannot be read to its end, or has a line that would be changed by copying it
 */
export async function* linesIn(source: FixSource, fixes: readonly Fix[], columns?: ColumnMapping): AsyncGenerator<FileLine> {
  const ofFile = fixes.find(({ isOfFile }) => isOfFile)
  try {
    yield* ofFile === undefined ? linesOfFile(source, columnsFor(fixes, columns)) : objectsOfFile(source, ofFile)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    throw new SetupError(`The file cannot be read: ${error.message}.`, { cause: error })
  }
}

/** The fix `csv` is about the separator, which an import would not guess. */
function columnsFor(fixes: readonly Fix[], columns: ColumnMapping | undefined): ColumnMapping {
  return fixes.some(({ name }) => name === 'csv') ? { separator: 'any', ...columns } : { ...columns }
}

async function* linesOfFile({ body, ...options }: FixSource, columns: ColumnMapping): AsyncGenerator<FileLine> {
  const { batches, refusal } = await openLines(body, {
    ...options,
    maxLineBytes: MAX_LINE_BYTES,
    columns,
    fileTime: Math.floor(Date.now() / 1000),
  })
  if (refusal !== undefined) throw new SetupError(refusal.detail)
  for await (const batch of batches)
    for (const { text, number, fault } of batch) {
      if (fault?.reason === 'invalid_row')
        throw new SetupError(
          `Row ${grouped(number)} does not fit the columns: ${fault.specifics ?? ''}. Correct it, and run the command again.`,
        )
      if (fault !== undefined) throw new SetupError(`Line ${grouped(number)} ${FAULTS[fault.reason]}`)
      if (!isBlank(text)) yield { text, isSplit: false }
    }
}

const FAULTS = {
  line_too_long: 'is longer than 4 MiB. If it is many objects on one line, use --fix split-objects.',
  invalid_encoding: 'is not UTF-8 text. Convert the file first, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW',
} as const

async function* objectsOfFile({ body, ...options }: FixSource, { name }: Fix): AsyncGenerator<FileLine> {
  const scanner = new ObjectScanner(/^list(?::(.*))?$/s.test(name) ? name.slice('list:'.length) : undefined)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const bytes of unpacked(body, options))
    for (const text of scanner.push(decoded(decoder, bytes))) yield { text, isSplit: true }
  for (const text of scanner.push(decoded(decoder))) yield { text, isSplit: true }
  scanner.end()
}

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes?: Buffer): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
  } catch (cause) {
    throw new SetupError('The file is not UTF-8 text. Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW', {
      cause,
    })
  }
}
