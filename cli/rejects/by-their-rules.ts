import { SetupError } from '../../lambda/errors.ts'
import { sentForm } from '../../lambda/parse/changed-line.ts'
import { latestTimeFor } from '../../lambda/parse/line.ts'
import { readingOnce } from '../../lambda/rules/line-changes.ts'
import { grouped, printable } from '../terminal/output.ts'
import type { EditedLine, FindDeadLetter } from './replay-upload.ts'

/**
 * Applies the import rules of the files that lines come from. Lines that were fixed by hand are delivered in the form of the other lines of
 * their files; a value that is hashed there is hashed here too. Their own file has no rules, so no rule is applied twice.
 *
 * @returns an empty line, which is counted as blank, for one that the rules leave out
 * @throws SetupError if the rules make a line invalid; nothing is sent then
 */
export function byTheirRules(lines: readonly EditedLine[], findDeadLetter: FindDeadLetter): readonly EditedLine[] {
  const changesOf = readingOnce()
  const latestTime = latestTimeFor(new Date())
  return lines.flatMap((edited): readonly EditedLine[] => {
    const { id, line } = edited
    const { rules = [], source } = findDeadLetter(id) ?? {}
    const changes = changesOf(rules)
    if (changes === undefined) return [edited]
    const sent = sentForm(line, { latestTime, changes })
    if (sent === undefined)
      throw new SetupError(
        `Line ${grouped(source?.line ?? 0)} of ${printable(source?.key ?? '')} cannot be sent: with the import rules of its file (${rules.map(({ fix }) => printable(fix)).join(', ')}) it would be rejected. Nothing was sent. Change the line, or leave it out.`,
      )
    return sent.length === 0 ? [{ id, line: '' }] : sent.map((text) => ({ id, line: text }))
  })
}
