import { REASONS } from '../reasons.ts'
import type { HoldSettings } from '../settings/hold.ts'
import type { Hold } from './hold-rules.ts'
import type { SurveyPart } from './part.ts'
import { linesOf } from './profile.ts'
import { count, percentOf } from './shown.ts'

/** A smaller share of lines with the same mistake is ordinary, even if a very large file has many of them. */
const ORDINARY_PERCENT = 2
/** This many times the limit is never ordinary: nobody can handle so many dead letters. */
const EXTREME_FACTOR = 100

/** Lines that would become dead letters, if there are too many of them. */
export function findRejected(
  survey: SurveyPart,
  { rejectedPercent, sameReasonLines }: Pick<HoldSettings, 'rejectedPercent' | 'sameReasonLines'>,
): readonly Hold[] {
  const holds: Hold[] = []
  const lines = linesOf(survey)
  const { rejected } = survey.lines
  const byLines = survey.rejections.toSorted((a, b) => b.lines - a.lines)
  const [most] = byLines
  if (rejectedPercent > 0 && most !== undefined && rejected * 100 > rejectedPercent * lines)
    holds.push({
      rule: 'rejected_lines',
      detail: `${count(rejected)} of ${count(lines)} lines (${percentOf(rejected, lines)}) would be rejected, most of them for this reason: ${REASONS[most.reason].means}. The first of these is line ${count(most.first)}.`,
      line: most.first,
    })
  if (sameReasonLines === 0) return holds
  for (const { reason, lines: same, first } of byLines) {
    const isMany = same > sameReasonLines && same * 100 > ORDINARY_PERCENT * lines
    if (!isMany && same <= EXTREME_FACTOR * sameReasonLines) continue
    holds.push({
      rule: 'same_reason',
      detail: `${count(same)} lines (${percentOf(same, lines)}) would be rejected for the same reason: ${REASONS[reason].means}. The first is line ${count(first)}.`,
      line: first,
      reason,
    })
  }
  return holds
}
