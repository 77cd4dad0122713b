import type { Task } from '../intake/task.ts'
import { CHECKPOINTS_PREFIX, reportKey, REPORTS_PREFIX } from '../keys.ts'
import { splitFile } from './split-file.ts'
import { ReportWriter } from '../report/writer.ts'
import { isFinished, type ImportState } from '../report/report.ts'
import { finishFile, mergeReports } from './finish.ts'
import { importSegment, isPacked } from './import-segment.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { Invocation, Ports, FoundReport } from '../ports.ts'

/**
 * Imports a drop, or a segment of one: every line of it ends delivered, among the dead letters, or blank, and the report says so.
 *
 * When it returns, the message that asked for it may be acknowledged: the work is done, or another message asks for the rest. When it
 * throws, nothing may: the message has to come again.
 *
 * @throws SetupError, AccountingError, StandstillError, LostClaim, or what S3 or SQS said
 */
export async function importFile(task: Task, ports: Ports, invocation: Invocation): Promise<void> {
  const { file } = task
  if (file.key.startsWith(REPORTS_PREFIX) || file.key.startsWith(CHECKPOINTS_PREFIX)) {
    ports.events.ignored('our own writing')
    return
  }
  const found = await ports.reports.find(file.bucket, reportKey(file))
  if (found !== undefined && isFinished(found.report)) {
    ports.events.alreadyImported(file.key)
    return
  }
  if (task.segment !== undefined) await importSegmentOfFile(task, ports, invocation)
  else if (await needsSplit(task, ports)) await splitFile(task, ports, invocation)
  else await importWhole(task, found, ports, invocation)
}

/** A large drop is cut. A compressed one can only be read from its start, so it is one segment whatever its size. */
async function needsSplit({ file }: Task, { files, limits }: Ports): Promise<boolean> {
  if (file.bytes !== undefined && file.bytes <= limits.segmentBytes) return false
  const opened = await files.open(file, { start: 0, end: 1 })
  if (opened.kind !== 'open') return false
  opened.body.destroy()
  return opened.bytes > limits.segmentBytes && !(await isPacked(file, files))
}

async function importWhole(task: Task, found: FoundReport | undefined, ports: Ports, invocation: Invocation): Promise<void> {
  const writer = new ReportWriter(found, ports.reports, ports.clock)
  const onProgress = (checkpoint: Checkpoint): void => {
    writer.progress(() => importStateOf(task, checkpoint))
  }
  const last = await importSegment({ task, ports, invocation, onProgress }).finally(() => writer.rest())
  if (last !== undefined) await finishFile(importStateOf(task, last), last.failure, writer, ports)
}

async function importSegmentOfFile(task: Task, ports: Ports, invocation: Invocation): Promise<void> {
  const last = await importSegment({ task, ports, invocation, onProgress: () => undefined })
  if (last !== undefined) await mergeReports(task.file, ports)
}

function importStateOf({ file }: Task, checkpoint: Checkpoint): ImportState {
  const { bytes, counts, newest, startedAt, invocations, repeatsPossible } = checkpoint
  return { file, bytes, counts, linesRead: newest, startedAt, invocations, repeatsPossible }
}
