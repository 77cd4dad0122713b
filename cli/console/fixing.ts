import type { Fix } from '../rejects/fix.ts'
import { readFix } from '../rejects/fix.ts'
import { onOneLine, rejectionOfRow } from '../rejects/validate.ts'
import type { MendedLine } from '../rejects/replay-file.ts'
import type { FixOutlook, FixQuestion, LetterRow, ReplayQuestion, Replayed } from './api-types.ts'

const MOST_EXAMPLES = 5

/** What fixes would make of dead letters. */
export function outlookOf(letters: Iterable<LetterRow>, { fixes }: FixQuestion): FixOutlook {
  const read = fixes.map(readFix)
  let count = 0
  let changed = 0
  let valid = 0
  const examples: FixOutlook['examples'][number][] = []
  for (const letter of letters) {
    count += 1
    const { line, key, lineNumber } = letter
    if (line === undefined) continue
    const after = fixed(line, read)
    const rejection = rejectionOfRow(onOneLine(after), letter.isPatched)
    if (rejection === undefined && !letter.isCut) valid += 1
    if (after === line) continue
    changed += 1
    if (examples.length < MOST_EXAMPLES)
      examples.push({
        key,
        ...(lineNumber !== undefined && { lineNumber }),
        before: line,
        after,
        ...(rejection !== undefined && { reason: rejection.reason }),
      })
  }
  return { letters: count, changed, valid, examples }
}

/** The lines of dead letters that can be sent after fixes; the others stay where they are. */
export function mendedBy(letters: Iterable<LetterRow>, { fixes }: FixQuestion): readonly MendedLine[] {
  const read = fixes.map(readFix)
  const mended: MendedLine[] = []
  for (const letter of letters) {
    // Of a line that was cut only a part is there, whatever it looks like.
    if (letter.line === undefined || letter.isCut) continue
    const line = onOneLine(fixed(letter.line, read))
    if (rejectionOfRow(line, letter.isPatched) === undefined) mended.push({ id: letter.id, line })
  }
  return mended
}

/** The lines that a person has mended, judged once more: what cannot be sent is refused, and stays where it is. */
export function judged(
  lines: Extract<ReplayQuestion, { readonly lines: unknown }>['lines'],
  letterOf: (id: string) => LetterRow | undefined,
): { readonly ready: readonly MendedLine[]; readonly refused: Replayed['refused'] } {
  const ready: MendedLine[] = []
  const refused: Replayed['refused'][number][] = []
  for (const { id, line: written } of lines) {
    const line = onOneLine(written)
    const rejection = rejectionOfRow(line, letterOf(id)?.isPatched === true)
    if (rejection === undefined) ready.push({ id, line })
    else refused.push({ id, reason: rejection.reason, detail: rejection.detail })
  }
  return { ready, refused }
}

function fixed(line: string, fixes: readonly Fix[]): string {
  return fixes.reduce((text, { apply }) => apply(text), line)
}
