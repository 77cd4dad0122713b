import type { Task } from '../intake/task.ts'
import { CHECKPOINTS_PREFIX, reportKey, REPORTS_PREFIX } from '../keys.ts'
import { splitFile } from './split-file.ts'
import { ReportKeeper } from '../report/writer.ts'
import { isFinished, type Account } from '../report/report.ts'
import type { FoundReport } from '../report/reports.ts'
import { finishFile, mergeReports } from './finish.ts'
import { importSegment, isPacked } from './import-segment.ts'
import type { Checkpoint } from '../settle/checkpoint.ts'
import type { Invocation, World } from '../ports.ts'

/**
 * Imports a drop, or a segment of one: every line of it ends delivered, among the dead letters, or blank, and the report says so.
 *
 * When it returns, the message that asked for it may be acknowledged: the work is done, or another message asks for the rest. When it
 * throws, nothing may: the message has to come again.
 *
 * @throws SetupError, AccountingError, StandstillError, LostClaim, or what S3 or SQS said
 */
export async function importTask(task: Task, world: World, invocation: Invocation): Promise<void> {
  const { file } = task
  if (file.key.startsWith(REPORTS_PREFIX) || file.key.startsWith(CHECKPOINTS_PREFIX)) {
    world.say.ignored('our own writing')
    return
  }
  const found = await world.reports.find(file.bucket, reportKey(file))
  if (found !== undefined && isFinished(found.report)) {
    world.say.alreadyImported(file.key)
    return
  }
  if (task.segment !== undefined) await importOneOfMany(task, world, invocation)
  else if (await isToBeCut(task, world)) await splitFile(task, world, invocation)
  else await importWhole(task, found, world, invocation)
}

/** A large drop is cut. A compressed one can only be read from its start, so it is one segment whatever its size. */
async function isToBeCut({ file }: Task, { files, limits }: World): Promise<boolean> {
  if (file.bytes !== undefined && file.bytes <= limits.segmentBytes) return false
  const opened = await files.open(file, { start: 0, end: 1 })
  if (opened.kind !== 'open') return false
  opened.body.destroy()
  return opened.bytes > limits.segmentBytes && !(await isPacked(file, files))
}

async function importWhole(task: Task, found: FoundReport | undefined, world: World, invocation: Invocation): Promise<void> {
  const keeper = new ReportKeeper(found, world.reports, world.clock)
  const onProgress = (checkpoint: Checkpoint): void => {
    keeper.progress(() => accountOf(task, checkpoint))
  }
  const last = await importSegment({ task, world, invocation, onProgress }).finally(() => keeper.rest())
  if (last !== undefined) await finishFile(accountOf(task, last), last.breakage, keeper, world)
}

async function importOneOfMany(task: Task, world: World, invocation: Invocation): Promise<void> {
  const last = await importSegment({ task, world, invocation, onProgress: () => undefined })
  if (last !== undefined) await mergeReports(task.file, world)
}

function accountOf({ file }: Task, checkpoint: Checkpoint): Account {
  const { bytes, sums, newest, startedAt, invocations, repeatsPossible } = checkpoint
  return { file, bytes, sums, linesRead: newest, startedAt, invocations, repeatsPossible }
}
