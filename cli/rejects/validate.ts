import { toEntry } from '../../lambda/parse/entry.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'
import { EMULATOR_KEY } from '../../emulators/kissmetrics/key.ts'

/** Validates a line by the rules of the importer, as if it were imported now. @returns undefined if the line is valid */
export function rejectionOf(text: string): Rejection | undefined {
  const entry = toEntry({ number: 1, byteStart: 0, byteEnd: 0, text }, { latestTime: latestTimeFor(new Date()) }, EMULATOR_KEY)
  if (entry.kind === 'rejected') return entry.rejection
  return entry.kind === 'blank' ? reject('nothing_to_import', 'the line is empty') : undefined
}

/** Validates the line of a row. If its bytes were not UTF-8, the user must have replaced every U+FFFD. */
export function rejectionOfRow(line: string, isPatched: boolean): Rejection | undefined {
  if (isPatched && line.includes('\ufffd')) return reject('invalid_encoding', 'replace each \ufffd with the right character')
  return rejectionOf(line)
}

/** Validates the lines that were made of one row; they are sent together or not at all. */
export function rejectionOfLines(lines: readonly string[], isPatched: boolean): Rejection | undefined {
  for (const line of lines) {
    const rejection = rejectionOfRow(line, isPatched)
    if (rejection !== undefined) return rejection
  }
  return undefined
}
