import type { SourceFile } from '../intake/source-file.ts'
import type { FoundReport, Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { isFinished } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import { emptyCounts } from '../settle/counts.ts'
import { requestAnswer, requestMissingAnswer } from './answer-request.ts'
import type { Safety } from './safety.ts'

/**
 * Reports that a file is held, or discarded, if its report does not say so yet.
 *
 * @param found the report that is stored
 * @throws the error of S3
 */
export async function reportSafety(
  file: SourceFile,
  safety: Safety,
  found: FoundReport | undefined,
  { reports, clock, events, answerQueue }: Pick<Ports, 'reports' | 'clock' | 'events' | 'answerQueue'>,
): Promise<void> {
  if (found !== undefined && (found.report.state === safety.decision || isFinished(found.report)))
    return requestMissingAnswer(found.report, { answerQueue, clock })
  const writer = new ReportWriter(found, reports, clock)
  const hold = { rules: safety.holds, heldAt: safety.surveyedAt }
  if (safety.decision === 'held') {
    await writer.hold(stateOf(file, safety, safety.lines), hold)
    events.held(
      file.key,
      safety.holds.map(({ rule }) => rule),
    )
  } else {
    await writer.discard(stateOf(file, safety, 0), hold)
    events.discarded(file.key)
  }
  await requestAnswer(file, { answerQueue, clock })
}

/** @param linesRead as many as a person should see, or 0 in a final report: none of them has ended */
function stateOf(file: SourceFile, { bytes, surveyedAt }: Safety, linesRead: number): ImportState {
  const counts = emptyCounts()
  return { file, bytes, counts, linesRead, startedAt: surveyedAt, invocations: 1, repeatsPossible: 0, repeatedTries: 0 }
}

/** The state of a file that was released and is queued: nothing of it is imported yet. */
export function releasedState(file: SourceFile, safety: Safety): ImportState {
  return stateOf(file, safety, safety.lines)
}
