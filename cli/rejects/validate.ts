import { toEntry } from '../../lambda/parse/entry.ts'
import { latestTimeFor, type LineChanges } from '../../lambda/parse/line.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'
import { EMULATOR_KEY } from '../../emulators/kissmetrics/key.ts'

/** Validates a line as if it were imported now. @param changes the import rules @returns undefined if the line is valid */
export function rejectionOf(text: string, changes?: LineChanges): Rejection | undefined {
  const rules = { latestTime: latestTimeFor(new Date()), ...(changes !== undefined && { changes }) }
  const entry = toEntry({ number: 1, byteStart: 0, byteEnd: 0, text }, rules, EMULATOR_KEY)
  if (entry.kind === 'rejected') return entry.rejection
  return entry.kind === 'blank' && entry.skippedBy === undefined ? reject('nothing_to_import', 'the line is empty') : undefined
}

/** Validates the line of a row. If its bytes were not UTF-8, the user must have replaced every U+FFFD. */
export function rejectionOfRow(line: string, isPatched: boolean, changes?: LineChanges): Rejection | undefined {
  if (isPatched && line.includes('\ufffd')) return reject('invalid_encoding', 'replace each \ufffd with the right character')
  return rejectionOf(line, changes)
}

/** Validates the lines that were made of one row; they are sent together or not at all. */
export function rejectionOfLines(lines: readonly string[], isPatched: boolean): Rejection | undefined {
  for (const line of lines) {
    const rejection = rejectionOfRow(line, isPatched)
    if (rejection !== undefined) return rejection
  }
  return undefined
}
