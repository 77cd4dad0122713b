import { mergeReports } from './finish.ts'
import { TimeIsUp } from '../errors.ts'
import { examineAll } from '../parse/entry.ts'
import { handOn, leaveTo } from './requeue.ts'
import { Head } from '../parse/sniff.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { taskBody, type Segment, type Task } from '../intake/task.ts'
import { diagnoseBytes } from '../parse/diagnose.ts'
import { latestTimeFor } from '../parse/line.ts'
import { checkpointKey } from '../keys.ts'
import { cutSegments } from '../read/split.ts'
import type { OpenFile } from '../read/drops.ts'
import { openLines, VanishedFile } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import { sendFileDeadLetter } from './import-segment.ts'
import type { Breakage } from '../settle/checkpoint.ts'
import { PLAN_SCHEMA, type Plan } from '../settle/split-plan.ts'
import { Claim } from '../settle/lease.ts'
import { whenRaised } from './on-abort.ts'
import type { Invocation, World } from '../ports.ts'

/**
 * Cuts a large drop into segments and sends each to the import queue, where as many invocations as are allowed import them side by side.
 *
 * It reads the whole drop once and counts its lines, which is a hundred times faster than importing them. So each segment knows the number
 * of its first line, every dead letter names its line, and what the segments settled can be held against an independent count.
 *
 * @throws SetupError, StandstillError, LostClaim, or what S3 or SQS said: then the message has to come again
 */
export async function splitFile(task: Task, world: World, invocation: Invocation): Promise<void> {
  const { file } = task
  const taking = await takePlan(task, world, invocation)
  if (taking.kind === 'busy') {
    await leaveTo(taking, task, invocation, world)
    return
  }
  if (taking.kind === 'over' || (await cutAll(taking.claim, task, world, invocation))) await mergeReports(file, world)
}

function takePlan(task: Task, { checkpoints, clock, limits, newRun }: World, { messageId }: Invocation) {
  const place = { bucket: task.file.bucket, key: checkpointKey(task.file, 'plan') }
  return Claim.take<Plan>(place, checkpoints, clock, {
    schema: PLAN_SCHEMA,
    run: newRun(),
    messageId,
    leaseMs: limits.checkpointMs * 3,
    isOver: ({ isComplete, breakage }) => isComplete && !(breakage?.kind === 'failed' && task.replays > breakage.replays),
    begin: (earlier) => ({
      schema: PLAN_SCHEMA,
      bytes: earlier?.bytes ?? 0,
      segments: earlier?.segments ?? [],
      isComplete: false,
      startedAt: earlier?.startedAt ?? new Date(clock.now()).toISOString(),
      invocations: (earlier?.invocations ?? 0) + 1,
    }),
  })
}

/** @returns whether the plan is complete; else the rest was handed on */
async function cutAll(claim: Claim<Plan>, task: Task, world: World, { ending }: Invocation): Promise<boolean> {
  const cutting = new Cutting(claim, world)
  const began = cutting.lines
  try {
    const refusal = began === 0 ? await findRefusal(task.file, world) : undefined
    if (refusal === undefined) await cutting.cutRest(task, ending)
    await cutting.complete(refusal && (await sentBack(refusal, task, world)))
    return true
  } catch (error) {
    if (error instanceof VanishedFile) {
      await cutting.complete(await breakageOf(error, task, world))
      return true
    }
    await cutting.rest()
    if (!(error instanceof TimeIsUp)) throw error
    await handOn(task, began, cutting.lines, world)
    return false
  }
}

async function breakageOf({ state }: VanishedFile, task: Task, world: World): Promise<Breakage> {
  if (state !== 'locked') return { kind: 'missing', state }
  return sentBack(reject('object_unreadable', 'it lies in an archive'), task, world)
}

async function sentBack(rejection: Rejection, { file, replays }: Task, world: World): Promise<Breakage> {
  await sendFileDeadLetter({ file, replays }, rejection, world)
  return { kind: 'failed', rejection, replays }
}

async function openFrom(file: SourceFile, start: number, { files }: World): Promise<OpenFile> {
  const opened = await files.open(file, { start })
  if (opened.kind !== 'open') throw new VanishedFile(opened.kind)
  return opened
}

/** Looks at the first lines before anything is sent: a drop that is no JSON-lines file comes back whole, and not in a million lines. */
async function findRefusal(file: SourceFile, world: World): Promise<Rejection | undefined> {
  const opened = await openFrom(file, 0, world)
  const rules = { latestTime: latestTimeFor(opened.lastModified) }
  const reading = await openLines(opened.body, world.limits)
  const unsupported = diagnoseBytes(reading.start)
  const head = new Head(false)
  for await (const batch of unsupported === undefined ? reading.batches : []) {
    const admission = head.admit(examineAll(batch, rules, ''))
    if (admission.kind !== 'held') return admission.kind === 'refused' ? admission.rejection : undefined
  }
  opened.body.destroy()
  const end = head.end()
  return unsupported ?? (end.kind === 'refused' ? end.rejection : undefined)
}

/** Cuts from where an earlier run stopped. A segment is sent first and written down later, so that a crash can only send it twice. */
class Cutting {
  readonly #claim: Claim<Plan>
  readonly #world: World
  #plan: Plan
  #savedAt: number

  constructor(claim: Claim<Plan>, world: World) {
    this.#claim = claim
    this.#world = world
    this.#plan = claim.state
    this.#savedAt = world.clock.now()
  }

  /** Lines that were cut so far. */
  get lines(): number {
    const last = this.#plan.segments.at(-1)
    return last === undefined ? 0 : last.firstLine + last.lines - 1
  }

  async cutRest({ file, replays }: Task, ending: AbortSignal): Promise<void> {
    const { limits, importQueue } = this.#world
    const last = this.#plan.segments.at(-1)
    const opened = await openFrom(file, last?.byteEnd ?? 0, this.#world)
    using _ending = whenRaised(ending, (why) => {
      opened.body.destroy(why)
    })
    this.#plan = { ...this.#plan, bytes: opened.bytes }
    const from = { byteStart: last?.byteEnd ?? 0, firstLine: this.lines + 1, firstSegment: (last?.index ?? 0) + 1 }
    for await (const cut of cutSegments(opened.body, { segmentBytes: limits.segmentBytes, ...from })) {
      const { index, byteStart, byteEnd, firstLine, lines } = cut
      const segment: Segment = { index, byteStart, byteEnd, firstLine, lines }
      await importQueue.send(taskBody({ file, segment, replays, reached: firstLine - 1, delays: 0 }), 0)
      this.#plan = { ...this.#plan, segments: [...this.#plan.segments, segment] }
      await this.#saveNowAndThen()
    }
  }

  async complete(breakage: Breakage | undefined): Promise<void> {
    await this.#claim.release({ ...this.#plan, isComplete: true, ...(breakage !== undefined && { breakage }) })
    this.#world.say.planned(this.#plan.segments.length)
  }

  /** For whoever cuts the rest. */
  rest(): Promise<void> {
    return this.#claim.release(this.#plan)
  }

  async #saveNowAndThen(): Promise<void> {
    const now = this.#world.clock.now()
    if (now - this.#savedAt < this.#world.limits.checkpointMs) return
    this.#savedAt = now
    await this.#claim.save(this.#plan)
  }
}
