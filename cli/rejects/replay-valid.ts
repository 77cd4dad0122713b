import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { findDeployment, type Deployment, type DeploymentFlags } from '../deployment/deployment.ts'
import { counted, grouped } from '../terminal/output.ts'
import { collect, type Reject } from './collect.ts'
import { filterOf, type FilterFlags } from './filter.ts'
import { replayEdited } from './replay-edited.ts'
import { rejectionOf } from './validate.ts'
import { count, told } from './replay.ts'
import type { EditedLine } from './replay-file.ts'

export interface ReplayValidFlags extends DeploymentFlags, FilterFlags {
  readonly yes: boolean
}

interface Survey {
  readonly lines: readonly EditedLine[]
  /** Work that failed as a whole, by the id of its message. */
  readonly works: ReadonlyMap<string, string>
  readonly others: number
}

/**
 * Sends whatever is valid by the rules of today, without a file in between: after an outage, or when a rule or the set-up has changed.
 * What was set aside or put away is left alone, unless it is asked for.
 */
export async function replayValid(flags: ReplayValidFlags): Promise<ExitCode> {
  using interruption = new Interruption()
  const { signal } = interruption
  const isMeant = filterOf(flags)
  const deployment = await findDeployment(flags)
  const { lines, works, others } = await survey(deployment, isMeant, signal)
  if (interruption.happened) return EXIT.interrupted
  process.stderr.write(
    `${count(lines.length)} can be sent, ${imports(works.size)} can be tried again, ${grouped(others)} would come back.\n`,
  )
  const left = others > 0 ? EXIT.someLinesLeft : EXIT.ok
  if (lines.length + works.size === 0) return left
  if (!(await confirm('Send them to Kissmetrics? What is sent cannot be taken back.', flags))) return EXIT.ok
  try {
    if (lines.length > 0) process.stdout.write(told(await replayEdited(deployment, 'all-valid', lines, () => false, signal)))
    if (works.size > 0)
      process.stdout.write(`${imports(await sendBack(deployment, works, signal))} sent back to the import queue.\n`)
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted
    throw error
  }
  return left
}

function imports(count: number): string {
  return counted(count, 'failed import')
}

async function survey(deployment: Deployment, isMeant: (reject: Reject) => boolean, signal: AbortSignal): Promise<Survey> {
  const lines: EditedLine[] = []
  const works = new Map<string, string>()
  let others = 0
  await using _held = await collect(
    deployment,
    (reject) => {
      if (!isMeant(reject)) return false
      const { id, body, content } = reject
      const line = content.kind === 'line' && content.deadLetter.lineTruncated !== true ? content.deadLetter.line : undefined
      if (content.kind === 'work') works.set(id, body)
      else if (line !== undefined && rejectionOf(line) === undefined) lines.push({ id, line: line.trim() })
      else others += 1
      return false
    },
    signal,
  )
  return { lines: lines.toSorted((a, b) => (a.id < b.id ? -1 : 1)), works, others }
}

/**
 * Sends failed work back to the import queue. A message that is there twice for a moment does no harm: the importer knows what it has done.
 *
 * @param works each message by its id
 * @returns how many were still there
 */
export async function sendBack(
  { sqs, importQueueUrl, ...deployment }: Deployment,
  works: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<number> {
  await using held = await collect({ sqs, importQueueUrl, ...deployment }, ({ id }) => works.has(id), signal)
  const queue = sqsImportQueue(sqs, importQueueUrl)
  let sent = 0
  for (const [id, body] of works) {
    if (!held.has(id) || signal.aborted) continue
    await queue.send(body, 0)
    await held.remove([id])
    sent += 1
  }
  return sent
}
