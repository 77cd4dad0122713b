import type { Rejection } from '../../../../lambda/reasons.ts'
import { linesOf } from '../../../../lambda/rules/lines-of.ts'
import { linesValidator } from '../../../rejects/validate.ts'
import type { DraftLine } from './drafts.ts'

const validate = linesValidator()
const rejections = new WeakMap<DraftLine, { readonly rejection: Rejection | undefined }>()

/** Validates a draft in the browser with the importer's own code, and with the import rules of its file. @returns undefined if the line can be sent */
export function rejectionOfDraft(draft: DraftLine): Rejection | undefined {
  const known = rejections.get(draft)
  if (known !== undefined) return known.rejection
  const rejection = validated(linesOf(draft.text), draft.row)
  rejections.set(draft, { rejection })
  return rejection
}

function validated(lines: readonly string[], row: DraftLine['row']): Rejection | undefined {
  try {
    return validate(lines, row)
  } catch {
    // A newer version has written a rule that this one does not know: the console says so when the line is sent.
    return validate(lines, { hasInvalidBytes: row.hasInvalidBytes })
  }
}

/** Where in the edited text the JSON error is. @returns undefined if the detail names no position */
export function errorPosition(text: string, detail: string): number | undefined {
  const column = /\bcolumn (\d+)/.exec(detail)?.[1]
  return column === undefined ? undefined : positionInText(text, Number(column) - 1)
}

/** Converts a position in the line as it would be sent (trimmed, line breaks as spaces) to a position in the edited text. */
function positionInText(text: string, position: number): number {
  let at = text.length - text.trimStart().length
  for (let passed = 0; passed < position && at < text.length; passed += 1)
    at += /^[\r\n]+/.exec(text.slice(at, at + 64))?.[0].length ?? 1
  return at
}
