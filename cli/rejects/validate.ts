import { toEntry } from '../../lambda/parse/entry.ts'
import { latestTimeFor, type LineChanges } from '../../lambda/parse/line.ts'
import { reject, type Rejection } from '../../lambda/reasons.ts'
import { readingOnce } from '../../lambda/rules/line-changes.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
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

/** What the validation of a rejected line depends on, besides its text. */
export interface RejectedLineFacts {
  readonly hasInvalidBytes: boolean
  /** The import rules of its file, which are applied to the edited line too. */
  readonly rules?: readonly Rule[]
}

export type ValidateLines = (lines: readonly string[], facts: RejectedLineFacts) => Rejection | undefined

/**
 * Returns a function that validates the lines that were made of one rejected line; they are sent together or not at all. It reads equal
 * rules once.
 *
 * @returns a function that returns undefined if all are valid, and throws SetupError if a rule cannot be used
 */
export function linesValidator(): ValidateLines {
  const changesOf = readingOnce()
  return (lines, { hasInvalidBytes, rules }) => {
    const changes = changesOf(rules)
    for (const line of lines) {
      const rejection = rejectionOfRow(line, hasInvalidBytes, changes)
      if (rejection !== undefined) return rejection
    }
    return undefined
  }
}
