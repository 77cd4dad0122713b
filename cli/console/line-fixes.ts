import { readFix, type Fix } from '../../lambda/rules/fix.ts'
import { isReplayFile } from '../../lambda/keys.ts'
import { linesOf } from '../../lambda/rules/lines-of.ts'
import type { EditedLine } from '../rejects/replay-upload.ts'
import { linesValidator } from '../rejects/validate.ts'
import type { FixPreview, FixRequest, RejectedRow, ReplayRequest, ReplayResult } from './api-types.ts'

const MAX_EXAMPLES = 5

/** What the fixes would change in these dead letters. */
export function previewFixes(deadLetters: Iterable<RejectedRow>, { fixes: names }: FixRequest): FixPreview {
  const fixes = names.map(readFix)
  const validate = linesValidator()
  let count = 0
  let changed = 0
  let valid = 0
  let prefix: string | undefined
  const examples: FixPreview['examples'][number][] = []
  for (const deadLetter of deadLetters) {
    count += 1
    const { line, key, lineNumber } = deadLetter
    if (!isReplayFile(key)) prefix = prefix === undefined ? folderOf(key) : commonFolder(prefix, key)
    if (line === undefined) continue
    const after = applyFixes(line, fixes)
    const rejection = validate(linesOf(after), deadLetter)
    if (rejection === undefined && !deadLetter.isTruncated) valid += 1
    if (after === line) continue
    changed += 1
    if (examples.length < MAX_EXAMPLES)
      examples.push({
        key,
        ...(lineNumber !== undefined && { lineNumber }),
        before: line,
        after,
        ...(rejection !== undefined && { reason: rejection.reason }),
      })
  }
  return { deadLetters: count, changed, valid, examples, ...(prefix !== undefined && prefix !== '' && { prefix }) }
}

/** The lines that are valid after the fixes; the other dead letters stay where they are. */
export function fixedLines(deadLetters: Iterable<RejectedRow>, { fixes: names }: FixRequest): readonly EditedLine[] {
  const fixes = names.map(readFix)
  const validate = linesValidator()
  const edited: EditedLine[] = []
  for (const deadLetter of deadLetters) {
    // Only a part of a truncated line is stored, so it is never sent, even if that part is valid.
    if (deadLetter.line === undefined || deadLetter.isTruncated) continue
    const { id } = deadLetter
    const lines = linesOf(applyFixes(deadLetter.line, fixes))
    if (validate(lines, deadLetter) === undefined) edited.push(...lines.map((line) => ({ id, line })))
  }
  return edited
}

/** Validates the lines that the user edited; a line that is not valid is refused, and its dead letter stays. */
export function validateLines(
  lines: Extract<ReplayRequest, { readonly lines: unknown }>['lines'],
  deadLetterOf: (id: string) => RejectedRow | undefined,
): { readonly ready: readonly EditedLine[]; readonly refused: ReplayResult['refused'] } {
  const validate = linesValidator()
  const ready: EditedLine[] = []
  const refused: ReplayResult['refused'][number][] = []
  for (const { id, line: written } of lines) {
    const edited = linesOf(written)
    const rejection = validate(edited, deadLetterOf(id) ?? { hasInvalidBytes: false })
    if (rejection === undefined) ready.push(...edited.map((line) => ({ id, line })))
    else refused.push({ id, reason: rejection.reason, detail: rejection.detail })
  }
  return { ready, refused }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

function commonFolder(folder: string, key: string): string {
  let common = folder
  while (!key.startsWith(common)) common = folderOf(common.slice(0, -1))
  return common
}

function applyFixes(line: string, fixes: readonly Fix[]): string {
  return fixes.reduce((text, { apply }) => apply(text), line)
}
