import type { Task } from '../intake/task.ts'
import type { Invocation, Ports } from '../ports.ts'
import type { ImportState } from '../report/report.ts'
import { ReportWriter } from '../report/writer.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import { finishFile } from './finish.ts'
import { importSegment } from './import-segment.ts'
import type { Known } from './known.ts'
import { DONE, type JobOutcome, type SegmentOutcome } from './outcome.ts'
import { keepSurvey, learnFrom, whileLearning } from './profiles.ts'
import { checkFile, type SafetyCheck } from './safety-check.ts'
import { absenceOf, groupedBy, whenStopped } from './when-stopped.ts'
import { whenUnfinished } from './when-unfinished.ts'

/** Imports a file that is one segment, and writes its report. @throws as importFile does */
export async function importWhole(
  task: Task,
  { found, needsCheck, grouped, orders, readRules }: Known,
  ports: Ports,
  invocation: Invocation,
): Promise<JobOutcome> {
  const check: SafetyCheck = needsCheck ? await checkFile(task, ports, invocation, readRules) : { kind: 'allowed', grouped }
  if (check.kind !== 'allowed' && check.kind !== 'absent') return whenStopped(check, task, found, ports)
  const writer = new ReportWriter(found, ports.reports, ports.clock)
  let reportLast: (() => void) | undefined
  const onProgress = (checkpoint: Checkpoint): void => {
    const isFirst = reportLast === undefined
    reportLast = () => {
      writer.progress(() => importStateOf(task, checkpoint))
    }
    if (!isFirst || !isShort(task)) reportLast()
  }
  let outcome: SegmentOutcome | undefined
  try {
    const isFirst = check.kind === 'allowed' && check.isFirst === true
    outcome = await importSegment({
      task,
      ports,
      invocation,
      readRules,
      ...orders,
      isFirst,
      grouped: groupedBy(check),
      onProgress,
      absence: absenceOf(check),
    })
  } finally {
    if (outcome?.kind !== 'done') reportLast?.()
    await writer.idle()
  }
  const survey = check.kind === 'allowed' ? check.survey : undefined
  if (outcome.kind !== 'done') {
    // Nothing depends on it, but a report that says for hours that the import is paused should be exact.
    if (outcome.kind === 'paused') await writer.write(importStateOf(task, outcome.checkpoint)).catch(() => undefined)
    if (survey !== undefined) await keepSurvey(task.file, survey, ports)
    return whenUnfinished(outcome, task, invocation, ports)
  }
  const { checkpoint } = outcome
  const { failure } = checkpoint
  const importState = importStateOf(task, checkpoint)
  const parts = [{ firstLine: 1, lastLine: Infinity, checkpoint }]
  await whileLearning(failure === undefined ? learnFrom(importState, survey, ports) : undefined, () =>
    finishFile(importState, failure, parts, writer, ports),
  )
  return DONE
}

/** Whether the file is usually done before anybody could read a report that says that it has started. */
function isShort({ file }: Task): boolean {
  return file.bytes !== undefined && file.bytes <= SHORT_FILE_BYTES
}

const SHORT_FILE_BYTES = 65_536

function importStateOf({ file }: Task, checkpoint: Checkpoint): ImportState {
  const {
    bytes,
    counts,
    newest,
    startedAt,
    invocations,
    repeatsPossible,
    repeatedTries,
    undelivered,
    groups,
    replay,
    rules = [],
  } = checkpoint
  return {
    file,
    bytes,
    counts,
    linesRead: newest,
    startedAt,
    invocations,
    repeatsPossible,
    repeatedTries,
    rules,
    ...(undelivered !== undefined && { undelivered }),
    ...(groups !== undefined && { groups }),
    ...(replay !== undefined && { replay }),
  }
}
