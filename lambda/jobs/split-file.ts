import { mergeReports } from './finish.ts'
import { OutOfTime } from '../errors.ts'
import { toEntries } from '../parse/entry.ts'
import { requeue, yieldTo } from './requeue.ts'
import { FormatSniffer } from '../parse/sniff.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { taskBody, type Segment, type Task } from '../intake/task.ts'
import { diagnoseBytes } from '../parse/diagnose.ts'
import { latestTimeFor } from '../parse/line.ts'
import { checkpointKey } from '../keys.ts'
import { splitSegments } from '../read/split.ts'
import { openLines, VanishedFile } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import { sendFileDeadLetter } from './import-segment.ts'
import type { Failure } from '../settle/checkpoint.ts'
import { SPLIT_PLAN_SCHEMA, type SplitPlan } from '../settle/split-plan.ts'
import { Lease } from '../settle/lease.ts'
import { onAbort } from './on-abort.ts'
import type { Invocation, Ports, OpenFile } from '../ports.ts'

/**
 * Cuts a large drop into segments and sends each to the import queue, where as many invocations as are allowed import them side by side.
 *
 * It reads the whole drop once and counts its lines, which is a hundred times faster than importing them. So each segment knows the number
 * of its first line, every dead letter names its line, and what the segments settled can be held against an independent count.
 *
 * @throws SetupError, StandstillError, LostClaim, or what S3 or SQS said: then the message has to come again
 */
export async function splitFile(task: Task, ports: Ports, invocation: Invocation): Promise<void> {
  const { file } = task
  const acquired = await acquireLease(task, ports, invocation)
  if (acquired.kind === 'busy') {
    await yieldTo(acquired, task, invocation, ports)
    return
  }
  if (acquired.kind === 'over' || (await splitAll(acquired.lease, task, ports, invocation))) await mergeReports(file, ports)
}

function acquireLease(task: Task, { checkpoints, clock, limits, newRun }: Ports, { messageId }: Invocation) {
  const key = { bucket: task.file.bucket, key: checkpointKey(task.file, 'plan') }
  return Lease.take<SplitPlan>(key, checkpoints, clock, {
    schema: SPLIT_PLAN_SCHEMA,
    run: newRun(),
    messageId,
    leaseMs: limits.checkpointMs * 3,
    isOver: ({ isComplete, failure }) => isComplete && !(failure?.kind === 'failed' && task.replays > failure.replays),
    begin: (earlier) => ({
      schema: SPLIT_PLAN_SCHEMA,
      bytes: earlier?.bytes ?? 0,
      segments: earlier?.segments ?? [],
      isComplete: false,
      startedAt: earlier?.startedAt ?? new Date(clock.now()).toISOString(),
      invocations: (earlier?.invocations ?? 0) + 1,
    }),
  })
}

/** @returns whether the plan is complete; else the rest was handed on */
async function splitAll(lease: Lease<SplitPlan>, task: Task, ports: Ports, { ending }: Invocation): Promise<boolean> {
  const splitter = new Splitter(lease, ports)
  const began = splitter.lines
  try {
    const refusal = began === 0 ? await findRefusal(task.file, ports) : undefined
    if (refusal === undefined) await splitter.splitRest(task, ending)
    await splitter.complete(refusal && (await sentBack(refusal, task, ports)))
    return true
  } catch (error) {
    if (error instanceof VanishedFile) {
      await splitter.complete(await failureOf(error, task, ports))
      return true
    }
    await splitter.rest()
    if (!(error instanceof OutOfTime)) throw error
    await requeue(task, began, splitter.lines, ports)
    return false
  }
}

async function failureOf({ state }: VanishedFile, task: Task, ports: Ports): Promise<Failure> {
  if (state !== 'locked') return { kind: 'missing', state }
  return sentBack(reject('object_unreadable', 'it lies in an archive'), task, ports)
}

async function sentBack(rejection: Rejection, { file, replays }: Task, ports: Ports): Promise<Failure> {
  await sendFileDeadLetter({ file, replays }, rejection, ports)
  return { kind: 'failed', rejection, replays }
}

async function openFrom(file: SourceFile, start: number, { files }: Ports): Promise<OpenFile> {
  const opened = await files.open(file, { start })
  if (opened.kind !== 'open') throw new VanishedFile(opened.kind)
  return opened
}

/** Looks at the first lines before anything is sent: a drop that is no JSON-lines file comes back whole, and not in a million lines. */
async function findRefusal(file: SourceFile, ports: Ports): Promise<Rejection | undefined> {
  const opened = await openFrom(file, 0, ports)
  const rules = { latestTime: latestTimeFor(opened.lastModified) }
  const reading = await openLines(opened.body, ports.limits)
  const unsupported = diagnoseBytes(reading.start)
  const sniffer = new FormatSniffer(false)
  for await (const batch of unsupported === undefined ? reading.batches : []) {
    const sniffed = sniffer.admit(toEntries(batch, rules, ''))
    if (sniffed.kind !== 'held') return sniffed.kind === 'refused' ? sniffed.rejection : undefined
  }
  opened.body.destroy()
  const end = sniffer.end()
  return unsupported ?? (end.kind === 'refused' ? end.rejection : undefined)
}

/** Cuts from where an earlier run stopped. A segment is sent first and written down later, so that a crash can only send it twice. */
class Splitter {
  readonly #lease: Lease<SplitPlan>
  readonly #ports: Ports
  #plan: SplitPlan
  #savedAt: number

  constructor(lease: Lease<SplitPlan>, ports: Ports) {
    this.#lease = lease
    this.#ports = ports
    this.#plan = lease.state
    this.#savedAt = ports.clock.now()
  }

  /** Lines that were cut so far. */
  get lines(): number {
    const last = this.#plan.segments.at(-1)
    return last === undefined ? 0 : last.firstLine + last.lines - 1
  }

  async splitRest({ file, replays }: Task, ending: AbortSignal): Promise<void> {
    const { limits, importQueue } = this.#ports
    const last = this.#plan.segments.at(-1)
    const opened = await openFrom(file, last?.byteEnd ?? 0, this.#ports)
    using _ending = onAbort(ending, (why) => {
      opened.body.destroy(why)
    })
    this.#plan = { ...this.#plan, bytes: opened.bytes }
    const from = { byteStart: last?.byteEnd ?? 0, firstLine: this.lines + 1, firstSegment: (last?.index ?? 0) + 1 }
    for await (const cut of splitSegments(opened.body, { segmentBytes: limits.segmentBytes, ...from })) {
      const { index, byteStart, byteEnd, firstLine, lines } = cut
      const segment: Segment = { index, byteStart, byteEnd, firstLine, lines }
      await importQueue.send(taskBody({ file, segment, replays, reached: firstLine - 1, delays: 0 }), 0)
      this.#plan = { ...this.#plan, segments: [...this.#plan.segments, segment] }
      await this.#saveNowAndThen()
    }
  }

  async complete(failure: Failure | undefined): Promise<void> {
    await this.#lease.release({ ...this.#plan, isComplete: true, ...(failure !== undefined && { failure }) })
    this.#ports.events.planned(this.#plan.segments.length)
  }

  /** For whoever cuts the rest. */
  rest(): Promise<void> {
    return this.#lease.release(this.#plan)
  }

  async #saveNowAndThen(): Promise<void> {
    const now = this.#ports.clock.now()
    if (now - this.#savedAt < this.#ports.limits.checkpointMs) return
    this.#savedAt = now
    await this.#lease.save(this.#plan)
  }
}
