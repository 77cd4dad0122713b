import { answerTaskBody, newAnswerTask } from '../intake/answer-task.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Ports } from '../ports.ts'
import { needsAnswer, type Report } from '../report/report.ts'

type NeededPorts = Pick<Ports, 'answerQueue'> & { readonly clock: Pick<Ports['clock'], 'now'> }

/**
 * Asks for an answer about a file, as a task of its own: so no import waits for the channel that it is pushed to. Call it when the report is
 * written, and before the message of the file is acknowledged. Asking twice does no harm.
 *
 * @throws the error of SQS
 */
export async function requestAnswer(
  { bucket, key, versionId, etag }: SourceFile,
  { answerQueue, clock }: NeededPorts,
): Promise<void> {
  if (answerQueue === undefined) return
  const file = { bucket, key, ...(versionId !== undefined && { versionId }), ...(etag !== undefined && { etag }) }
  await answerQueue.send(answerTaskBody(newAnswerTask({ file }, clock.now())), 0)
}

/** The same for a report that was found: the run that wrote it may have been killed before it asked. */
export async function requestMissingAnswer(report: Report, ports: NeededPorts): Promise<void> {
  if (ports.answerQueue !== undefined && needsAnswer(report)) await requestAnswer(report.file, ports)
}
