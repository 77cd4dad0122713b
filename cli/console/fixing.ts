import type { Fix } from '../rejects/fix.ts'
import { readFix } from '../rejects/fix.ts'
import { onOneLine, rejectionOfRow } from '../rejects/validate.ts'
import type { EditedLine } from '../rejects/replay-upload.ts'
import type { FixOutlook, FixQuestion, RejectedRow, ReplayQuestion, Replayed } from './api-types.ts'

const MOST_EXAMPLES = 5

/** What fixes would make of dead letters. */
export function outlookOf(deadLetters: Iterable<RejectedRow>, { fixes }: FixQuestion): FixOutlook {
  const read = fixes.map(readFix)
  let count = 0
  let changed = 0
  let valid = 0
  const examples: FixOutlook['examples'][number][] = []
  for (const deadLetter of deadLetters) {
    count += 1
    const { line, key, lineNumber } = deadLetter
    if (line === undefined) continue
    const after = fixed(line, read)
    const rejection = rejectionOfRow(onOneLine(after), deadLetter.isPatched)
    if (rejection === undefined && !deadLetter.isCut) valid += 1
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
  return { deadLetters: count, changed, valid, examples }
}

/** The lines of dead letters that can be sent after fixes; the others stay where they are. */
export function fixedBy(deadLetters: Iterable<RejectedRow>, { fixes }: FixQuestion): readonly EditedLine[] {
  const read = fixes.map(readFix)
  const edited: EditedLine[] = []
  for (const deadLetter of deadLetters) {
    // Of a line that was cut only a part is there, whatever it looks like.
    if (deadLetter.line === undefined || deadLetter.isCut) continue
    const line = onOneLine(fixed(deadLetter.line, read))
    if (rejectionOfRow(line, deadLetter.isPatched) === undefined) edited.push({ id: deadLetter.id, line })
  }
  return edited
}

/** The lines that a person has mended, judged once more: what cannot be sent is refused, and stays where it is. */
export function validated(
  lines: Extract<ReplayQuestion, { readonly lines: unknown }>['lines'],
  deadLetterOf: (id: string) => RejectedRow | undefined,
): { readonly ready: readonly EditedLine[]; readonly refused: Replayed['refused'] } {
  const ready: EditedLine[] = []
  const refused: Replayed['refused'][number][] = []
  for (const { id, line: written } of lines) {
    const line = onOneLine(written)
    const rejection = rejectionOfRow(line, deadLetterOf(id)?.isPatched === true)
    if (rejection === undefined) ready.push({ id, line })
    else refused.push({ id, reason: rejection.reason, detail: rejection.detail })
  }
  return { ready, refused }
}

function fixed(line: string, fixes: readonly Fix[]): string {
  return fixes.reduce((text, { apply }) => apply(text), line)
}
