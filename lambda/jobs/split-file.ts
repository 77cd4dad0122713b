import { asError } from '../errors.ts'
import type { Task } from '../intake/task.ts'
import { checkpointKey } from '../keys.ts'
import type { Invocation, Ports } from '../ports.ts'
import { Lease, type LeaseResult } from '../settle/lease.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../settle/split-plan.ts'
import { checkFormat } from './check-format.ts'
import type { ReadRules } from './import-rules.ts'
import { lineRulesFor } from './line-rules.ts'
import type { SplitOutcome } from './outcome.ts'
import { failUnreadable, rejectFile } from './reject-file.ts'
import { isReplayOf, leaseMs, stillAsked } from './segment-lease.ts'
import { isOff } from './safety.ts'
import { Splitter } from './splitter.ts'
import { stopReasonOf } from './stop-reason.ts'

const SPLIT = Object.freeze({ kind: 'done', isNew: true } as const)

/**
 * Splits a large file into segments and queues each as a task, so that several invocations import them side by side.
 *
 * It reads the whole file once and counts its lines, which is a hundred times faster than importing them. So each segment knows the number
 * of its first line, every dead letter names its line, and the lines that the segments settle can be checked against an independent count.
 *
 * @throws SetupError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function splitFile(task: Task, ports: Ports, invocation: Invocation, readRules: ReadRules): Promise<SplitOutcome> {
  const acquired = await acquirePlan(task, ports, invocation, readRules)
  if (acquired.kind === 'done') return { kind: 'done', isNew: false }
  if (acquired.kind === 'busy' || acquired.kind === 'waiting') return acquired
  try {
    if (!(await stillAsked(acquired.lease, invocation))) return { kind: 'message-lost' }
    return await splitLeased(new Splitter(acquired.lease, ports), task, ports, invocation.ending)
  } catch (error) {
    const reason = stopReasonOf(error)
    if (reason.kind === 'lease-lost') return reason
    throw error
  }
}

function acquirePlan(task: Task, ports: Ports, { messageId }: Invocation, readRules: ReadRules): Promise<LeaseResult<SplitPlan>> {
  const { checkpoints, clock, events, newRun } = ports
  const run = newRun()
  events.about({ run })
  const key = { bucket: task.file.bucket, key: checkpointKey(task.file, 'plan') }
  return Lease.acquire<SplitPlan>(key, checkpoints, clock, {
    schema: SPLIT_PLAN_SCHEMA,
    run,
    messageId,
    leaseMs: leaseMs(ports),
    isDone: ({ isComplete, failure }) => isComplete && !isReplayOf(failure, task),
    begin: async (earlier) => {
      const startedAt = new Date(clock.now()).toISOString()
      // Fields that a newer version has added stay.
      const { failure, rules: earlierRules, ...rest }: Partial<SplitPlan> = earlier ?? {}
      // A file that was rejected as a whole is replayed with the rules that were added for it.
      const isNew = earlier === undefined || (failure?.kind === 'failed' && earlier.segments.length === 0)
      const rules = isNew ? await readRules() : (earlierRules ?? [])
      return {
        bytes: 0,
        segments: [],
        startedAt,
        ...(earlier === undefined && !isOff(ports.limits.hold) && { isSurveyed: true }),
        ...rest,
        schema: SPLIT_PLAN_SCHEMA,
        isComplete: false,
        invocations: (earlier?.invocations ?? 0) + 1,
        ...(rules.length > 0 && { rules }),
      }
    },
  })
}

/** Splits what is left of the file. The plan is saved and its lease released before it returns. @throws LeaseLost, among others */
async function splitLeased(splitter: Splitter, task: Task, ports: Ports, ending: AbortSignal): Promise<SplitOutcome> {
  const began = splitter.lines
  try {
    await splitter.complete(await splitOrFail(splitter, task, ports, ending))
    return SPLIT
  } catch (error) {
    const reason = stopReasonOf(error)
    if (reason.kind === 'vanished') {
      await splitter.complete(await failUnreadable(reason.state, task, ports))
      return SPLIT
    }
    await splitter.release()
    switch (reason.kind) {
      case 'out-of-time':
        return { ...reason, began, reached: splitter.lines }
      case 'interrupted':
      case 'lease-lost':
        return reason
      case 'outage': // nothing is sent to the endpoint here
      case 'paused':
      case 'cancelled':
      case 'failed':
        throw asError(error)
    }
  }
}

/** @returns why the file cannot be imported, or undefined if it is split to its end */
async function splitOrFail(splitter: Splitter, task: Task, ports: Ports, ending: AbortSignal) {
  const { files, limits } = ports
  const { file, replays } = task
  if (splitter.lines === 0) {
    const head = await files.open(file)
    if (head.kind !== 'open') return failUnreadable(head.kind, task, ports)
    const refusal = await checkFormat(head, limits, lineRulesFor(head.lastModified, splitter.rules))
    if (refusal !== undefined) return rejectFile({ file, replays }, refusal, ports)
  }
  const rest = await files.open(file, { start: splitter.byteEnd })
  if (rest.kind !== 'open') return failUnreadable(rest.kind, task, ports)
  await splitter.splitRest(rest, task, ending)
  return undefined
}
