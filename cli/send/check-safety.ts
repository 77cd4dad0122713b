import type { Clock } from '../../lambda/ports.ts'
import { surveyRange } from '../../lambda/jobs/safety-check.ts'
import { isOff } from '../../lambda/jobs/safety.ts'
import { resuming } from '../../lambda/read/resume.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import type { Hold } from '../../lambda/survey/hold-rules.ts'
import { findHolds } from '../../lambda/survey/holds.ts'
import { holdRows } from '../safety/hold-text.ts'
import { styled, type Output } from '../terminal/output.ts'
import { fileThatWasFixed } from './closing/fixed-file.ts'
import type { SentFile } from './files.ts'
import { localSourceFiles } from './open-file.ts'

/** A file that the importer would hold, and why. */
export interface HeldFile {
  readonly name: string
  readonly holds: readonly Hold[]
}

/**
 * Checks a file with the rules that hold a file in the importer. There are no earlier files on this computer, so the rules that compare
 * with them find nothing.
 *
 * @returns undefined if it can be sent, or cannot be read: then the send says why
 */
export async function checkSafety(
  file: SentFile,
  rules: readonly Rule[],
  limits: Limits,
  clock: Clock,
): Promise<HeldFile | undefined> {
  if (isOff(limits.hold)) return undefined
  const files = resuming(localSourceFiles(file, new Date(clock.now())), clock)
  const never = new AbortController().signal
  const surveyed = await surveyRange(file.source, { line: 0, byte: 0 }, rules, { files, limits }, never)
  if (surveyed.kind !== 'surveyed') return undefined
  const holds = findHolds(surveyed.survey, undefined, limits.hold, { isReplay: fileThatWasFixed(file.path) !== undefined })
  return holds.length === 0 ? undefined : { name: file.name, holds }
}

/** Why files should not be sent without a second look. */
export function heldText(held: readonly HeldFile[], output: Output): string {
  const rows = held.flatMap(({ name, holds }) => [
    `${styled(output, 'yellow', 'held:')} ${name}`,
    ...holdRows({ hold: { rules: holds, heldAt: '' } }),
  ])
  return `${rows.join('\n')}\n\n`
}
