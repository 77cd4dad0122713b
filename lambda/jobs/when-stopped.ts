import { taskBody, type Task } from '../intake/task.ts'
import type { Absence, FoundReport, Ports } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import type { SafetyCheck } from './safety-check.ts'
import { reportSafety } from './safety-report.ts'
import type { SegmentCheck } from './segment-survey.ts'

/** What happens to a task whose file may not be imported, or not yet. */
export async function whenStopped(
  check: Exclude<SafetyCheck, { readonly kind: 'allowed' | 'absent' }>,
  task: Task,
  found: FoundReport | undefined,
  ports: Ports,
): Promise<JobOutcome> {
  switch (check.kind) {
    case 'stopped':
      await reportSafety(task.file, check.safety, found, ports)
      return DONE
    case 'out-of-time':
      await ports.importQueue.send(taskBody({ ...task, surveys: (task.surveys ?? 0) + 1 }), 0)
      return { kind: 'requeued' }
    case 'interrupted':
      return check
  }
}

/** Why S3 does not return the file, if its survey has found that. */
export function absenceOf(check: SegmentCheck): Absence | undefined {
  return check.kind === 'absent' ? check.absence : undefined
}

/** The reasons whose lines share a dead letter. */
export function groupedBy(check: SegmentCheck): readonly ReasonCode[] | undefined {
  return check.kind === 'allowed' ? check.grouped : undefined
}
