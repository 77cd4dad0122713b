import { isReplayFile } from '../../../../lambda/keys.ts'
import type { LineState, PersonResult } from '../../person/person-result.ts'
import type { ImportSummary } from '../../api-types.ts'
import { counted } from '../format.ts'

/** What was found in one file. */
export interface Finding {
  readonly summary: ImportSummary
  readonly result?: PersonResult
  /** Why the file could not be searched. */
  readonly error?: string
}

/** What is known about a line, in the order of what matters to a person who asks. */
export const STATE_LABELS: Readonly<Record<LineState, string>> = {
  delivered: 'delivered',
  fixed: 'fixed and delivered',
  unsure: 'perhaps sent: the records of the import do not say',
  waiting: 'not sent yet',
  rejected: 'rejected, still open',
  undeliverable: 'refused by the endpoint, still open',
  discarded: 'discarded',
  'left-out': 'left out by an import rule',
  'not-sent': 'not sent',
}

const STATES = Object.keys(STATE_LABELS) as readonly LineState[]

/** Whether a file has lines about the person. */
export function hasLines({ result }: Finding): boolean {
  return result !== undefined && result.lines.length > 0
}

/** "3 delivered, 1 rejected, still open" */
export function countsText(counts: PersonResult['counts']): string {
  return STATES.flatMap((state) => {
    const count = counts[state] ?? 0
    return count === 0 ? [] : [`${counted(count, 'line')} ${STATE_LABELS[state]}`]
  }).join('; ')
}

/** The answer to "was this person imported?", as far as it was searched. */
export function answerText(findings: readonly Finding[], files: number): string {
  const total = totals(findings)
  // A fixed line was delivered as a line of a file of fixed lines.
  const isCounted = findings.some((finding) => hasLines(finding) && isReplayFile(finding.summary.report.file.key))
  const sent = (total.delivered ?? 0) + (isCounted ? 0 : (total.fixed ?? 0))
  const others = STATES.some((state) => (total[state] ?? 0) > 0)
  if (sent > 0) return `Yes: ${counted(sent, 'line')} about this person ${sent === 1 ? 'was' : 'were'} delivered.`
  if ((total.unsure ?? 0) > 0) return 'Perhaps: lines about this person may have been sent.'
  if ((total.waiting ?? 0) > 0) return 'Not yet: lines about this person wait to be sent.'
  if (others) return 'No: there are lines about this person, and none of them was delivered.'
  return findings.length < files
    ? `Nothing found in the ${counted(findings.length, 'file')} searched so far.`
    : `No line about this person is in ${files === 1 ? 'this file' : `these ${counted(files, 'file')}`}.`
}

/** What the search could not see, in sentences. */
export function unknownTexts(findings: readonly Finding[], unlisted: number): readonly string[] {
  const gone = findings.filter(({ result }) => result?.source === 'dead-letters')
  const cut = findings.flatMap(({ result, error, summary }) => {
    const why = error ?? result?.missing
    return why === undefined ? [] : [`${summary.report.file.key}: ${why}`]
  })
  const repeats = findings.filter(hasLines).reduce((sum, { summary }) => sum + summary.report.repeatsPossible, 0)
  const delivered = gone.reduce((sum, { summary }) => sum + summary.report.lines.delivered, 0)
  return [
    ...(gone.length > 0
      ? [
          `${counted(gone.length, 'file is', 'files are')} no longer in the bucket as imported. Only rejected lines that wait here were searched; ` +
            `of ${counted(delivered, 'delivered line')} it is not known whom they are about.`,
        ]
      : []),
    ...cut,
    ...(unlisted > 0 ? [`${counted(unlisted, 'older import was', 'older imports were')} not searched.`] : []),
    ...(repeats > 0
      ? [
          `Interruptions may have sent up to ${counted(repeats, 'line')} of the files with this person twice. A repeat counts once.`,
        ]
      : []),
    'A person can have other identities, and what other programs sent is not searched.',
  ]
}

function totals(findings: readonly Finding[]): Partial<Readonly<Record<LineState, number>>> {
  const sum: Partial<Record<LineState, number>> = {}
  for (const { result } of findings)
    for (const state of STATES) if (result?.counts[state] !== undefined) sum[state] = (sum[state] ?? 0) + result.counts[state]
  return sum
}
