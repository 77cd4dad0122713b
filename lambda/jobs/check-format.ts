import { toEntries } from '../parse/entry.ts'
import type { LineRules } from '../parse/line.ts'
import { admit } from '../parse/sniff.ts'
import type { OpenFile } from '../ports.ts'
import { openLines, type Line } from '../read/lines.ts'
import type { Rejection } from '../reasons.ts'

/**
 * Reads the first lines of a file, and closes it.
 *
 * @returns why it is not a JSON-lines file, or undefined if it is one
 * @throws VanishedFile, or the error of S3
 */
export async function checkFormat(
  opened: OpenFile,
  limits: { readonly maxLineBytes: number },
  rules: LineRules,
): Promise<Rejection | undefined> {
  try {
    const reading = await openLines(opened.body, limits)
    for await (const admission of admit(entriesOf(reading.batches, rules), reading))
      return admission.kind === 'refused' ? admission.rejection : undefined
    return undefined
  } finally {
    opened.body.destroy()
  }
}

async function* entriesOf(batches: AsyncIterable<readonly Line[]>, rules: LineRules) {
  for await (const batch of batches) yield toEntries(batch, rules, '')
}
