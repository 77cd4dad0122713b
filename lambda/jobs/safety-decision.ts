import type { SourceFile } from '../intake/source-file.ts'
import { newTask, taskBody } from '../intake/task.ts'
import { reportKey, safetyKey } from '../keys.ts'
import type { Ports } from '../ports.ts'
import { isFinal } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import { releasedState, reportSafety } from './safety-report.ts'
import { findSafety, type Safety } from './safety.ts'

/** What a person decides about a held file. */
export type PersonDecision = 'released' | 'discarded'

export type DecisionResult =
  | { readonly kind: 'decided'; readonly safety: Safety }
  /** A person has decided the same before. The file is queued again, or reported again, if that is still missing. */
  | { readonly kind: 'decided-before'; readonly safety: Safety }
  /** The file is not held: it was not surveyed yet, or no rule has found anything. */
  | { readonly kind: 'not-held' }
  /** A person has decided otherwise before, and that is final. */
  | { readonly kind: 'too-late'; readonly safety: Safety }

type NeededPorts = Pick<Ports, 'checkpoints' | 'reports' | 'importQueue' | 'answerQueue' | 'clock' | 'events'>

/** Another person can decide at the same time. */
const MAX_TRIES = 10

/**
 * Releases or discards exactly one version of a held file. If this is interrupted, it can be done again.
 *
 * @throws NewerVersionError, or the error of S3 or SQS
 */
export async function decideHeldFile(file: SourceFile, decision: PersonDecision, ports: NeededPorts): Promise<DecisionResult> {
  const result = await storeDecision(file, decision, ports)
  switch (result.kind) {
    case 'decided':
    case 'decided-before':
      await (decision === 'released' ? queueReleased(file, result.safety, ports) : reportDiscarded(file, result.safety, ports))
      return result
    case 'not-held':
    case 'too-late':
      return result
  }
}

async function storeDecision(
  file: SourceFile,
  decision: PersonDecision,
  { checkpoints, clock }: Pick<Ports, 'checkpoints' | 'clock'>,
): Promise<DecisionResult> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const found = await findSafety(file, { checkpoints })
    if (found === undefined || found.safety.decision === 'passed') return { kind: 'not-held' }
    if (found.safety.decision === decision) return { kind: 'decided-before', safety: found.safety }
    if (found.safety.decision !== 'held') return { kind: 'too-late', safety: found.safety }
    const safety: Safety = {
      ...found.safety,
      decision,
      decidedAt: new Date(clock.now()).toISOString(),
      ...(decision === 'released' && groupedOf(found.safety)),
    }
    const key = { bucket: file.bucket, key: safetyKey(file) }
    if ((await checkpoints.put(key, safety, found.tag)) !== undefined) return { kind: 'decided', safety }
  }
  throw new Error(`The decision about ${file.key} is written by another process again and again.`)
}

/** So many lines have these reasons that each of the reasons gets one dead letter. Stored with the decision, all runs agree on it. */
function groupedOf({ holds }: Safety): Pick<Safety, 'grouped'> {
  const grouped = holds.flatMap(({ rule, reason }) => (rule === 'same_reason' && reason !== undefined ? [reason] : []))
  return grouped.length > 0 ? { grouped } : {}
}

/** The report says first that the import goes on, so that the daily search finds the file if its message is lost. */
async function queueReleased(
  file: SourceFile,
  safety: Safety,
  { reports, clock, importQueue, events }: NeededPorts,
): Promise<void> {
  const found = await reports.find(file.bucket, reportKey(file))
  if (found !== undefined && isFinal(found.report)) return
  if (found?.report.state !== 'importing') await new ReportWriter(found, reports, clock).write(releasedState(file, safety))
  await importQueue.send(taskBody({ ...newTask(file), released: true }), 0)
  events.released(file.key)
}

async function reportDiscarded(file: SourceFile, safety: Safety, ports: NeededPorts): Promise<void> {
  await reportSafety(file, safety, await ports.reports.find(file.bucket, reportKey(file)), ports)
}
