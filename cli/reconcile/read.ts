import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { SetupError } from '../../lambda/errors.ts'
import type { Entry } from '../../lambda/parse/entry.ts'
import type { LineRules } from '../../lambda/parse/line.ts'
import { openLines, UnreadableFile } from '../../lambda/read/lines.ts'
import { classifyLine, classifyLines } from '../../lambda/parse/classify-line.ts'
import { decodeOctal } from '../../lambda/rules/fixes/texts.ts'
import { printable } from '../terminal/output.ts'

/** A line of an export can be longer than one that may be imported. */
const MAX_EXPORTED_BYTES = 4 * 1_048_576

/** Whatever its time: Kissmetrics has it. */
const EXPORT_RULES: LineRules = { latestTime: Number.MAX_SAFE_INTEGER }

/**
 * The lines of a revision file. Kissmetrics writes letters beyond ASCII as octal escapes, which JSON does not have.
 *
 * @throws SetupError if the file cannot be read
 */
export async function* exportedEntries(file: string): AsyncGenerator<Entry> {
  for await (const { entry } of entriesIn(createReadStream(file), file, MAX_EXPORTED_BYTES, EXPORT_RULES)) {
    const isDecoded = entry.kind === 'rejected' && entry.rejection.reason === 'invalid_json'
    yield isDecoded ? classifyLine({ ...entry.line, text: decodeOctal(entry.line.text) }, EXPORT_RULES) : entry
  }
}

/**
 * The lines of a file as the importer understands them.
 *
 * @param name of the file, for messages
 * @throws SetupError if the file cannot be read
 */
export async function* entriesIn(
  body: Readable,
  name: string,
  maxLineBytes: number,
  rules: LineRules,
): AsyncGenerator<{ readonly entry: Entry; readonly text: string }> {
  try {
    const { batches } = await openLines(body, { maxLineBytes, name })
    for await (const batch of batches) for (const entry of classifyLines(batch, rules)) yield { entry, text: entry.line.text }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    throw new SetupError(`${printable(name)} cannot be read: ${error.message}.`, { cause: error })
  } finally {
    body.destroy()
  }
}
