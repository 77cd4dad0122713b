import { buffer } from 'node:stream/consumers'
import { AccountingError, asError, OutageError, OutOfTime } from '../errors.ts'
import { requeue, yieldTo, defer } from './requeue.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import { latestTimeFor } from '../parse/line.ts'
import { checkpointKey } from '../keys.ts'
import { isGzip, openLines, VanishedFile } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Failure, type Checkpoint } from '../settle/checkpoint.ts'
import { Checkpointer } from '../settle/checkpointer.ts'
import { Lease } from '../settle/lease.ts'
import { Ledger, type Watermark } from '../settle/ledger.ts'
import { fileDeadLetter, type DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import { settledLines } from '../settle/counts.ts'
import { deadLetterDestination } from './quarantine.ts'
import { Settlement } from './settlement.ts'
import { onAbort } from './on-abort.ts'
import { runPipeline, type PipelineResult } from './pipeline.ts'
import type { Invocation, Ports, SourceFiles, OpenFile } from '../ports.ts'

/** Most lines from the oldest that has not ended to the newest, for each request that may be on its way. */
const SPAN_PER_REQUEST = 64
/** Most lines that may have been sent beyond the last checkpoint, likewise: what one crash can repeat. */
const UNSAVED_PER_REQUEST = 128

/** A run that is not heard of for so many times the usual is succeeded. */
const LEASE_CHECKPOINTS = 3

/** So often a message is delivered before one that made progress is sent anew: its deliveries are for work that stands still. */
const RENEWED_AT_DELIVERY = 3

const FIRST_OUTAGE_DELAY_MS = 30_000

export interface SegmentImport {
  readonly task: Task
  readonly ports: Ports
  readonly invocation: Invocation
  /** Told at each checkpoint, and when the run begins. */
  readonly onProgress: (checkpoint: Checkpoint) => void
}

/** The most lines that a run which is killed can have sent, and the next one sends again. */
export function mostRepeats({ limits }: Ports): number {
  return limits.maxInFlight * UNSAVED_PER_REQUEST
}

/**
 * Imports a segment, or a drop that is one: from its checkpoint to its end, or as far as this invocation comes.
 *
 * @returns its last checkpoint where it is done, by whomever; undefined where the rest was handed on
 * @throws SetupError, AccountingError, StandstillError, LostClaim, or what S3 or SQS said: then the message has to come again
 */
export async function importSegment(work: SegmentImport): Promise<Checkpoint | undefined> {
  const { task, ports, invocation } = work
  const acquired = await acquireLease(task, ports, invocation)
  if (acquired.kind === 'over') return acquired.state
  if (acquired.kind === 'busy') {
    await yieldTo(acquired, task, invocation, ports)
    return undefined
  }
  const { lease } = acquired
  if (invocation.deliveries >= RENEWED_AT_DELIVERY && lease.state.watermark.line > task.reached) {
    await lease.release(lease.state)
    await requeue(task, task.reached, lease.state.watermark.line, ports)
    return undefined
  }
  const { start, opened } = await openAt(lease, work)
  if (opened.kind !== 'open') return endUnread(opened.kind, lease, work)
  return run(opened, start, lease, work)
}

async function openAt(lease: Lease<Checkpoint>, { task, ports }: SegmentImport) {
  try {
    const start = await findStart(task, lease.state.watermark, ports)
    const end = task.segment?.byteEnd
    return { start, opened: await ports.files.open(task.file, { start: start.byte, ...(end !== undefined && { end }) }) }
  } catch (error) {
    await lease.release(lease.state).catch(() => undefined) // nothing was sent, so whoever comes next need not wait
    throw error
  }
}

function startOf({ segment }: Task): Watermark {
  return segment === undefined ? { line: 0, byte: 0 } : { line: segment.firstLine - 1, byte: segment.byteStart }
}

function acquireLease(task: Task, ports: Ports, { messageId }: Invocation) {
  const key = { bucket: task.file.bucket, key: checkpointKey(task.file, task.segment?.index ?? 1) }
  return Lease.take<Checkpoint>(key, ports.checkpoints, ports.clock, {
    schema: CHECKPOINT_SCHEMA,
    run: ports.newRun(),
    messageId,
    leaseMs: ports.limits.checkpointMs * LEASE_CHECKPOINTS,
    // A drop that came back as a whole is tried again when a person sends it back.
    isOver: ({ isDone, failure }) => isDone && !(failure?.kind === 'failed' && task.replays > failure.replays),
    begin: (earlier, brokeOff) =>
      beginCheckpoint(earlier, {
        start: startOf(task),
        startedAt: new Date(ports.clock.now()).toISOString(),
        brokeOff,
        maxRepeats: mostRepeats(ports),
      }),
  })
}

/** From the mark on; but a compressed drop is unpacked from its start, whatever of it is settled. @returns where the next line to be read stands */
async function findStart({ file, segment }: Task, watermark: Watermark, { files }: Ports): Promise<Watermark> {
  if (segment !== undefined || watermark.byte === 0) return watermark
  return (await isPacked(file, files)) ? { line: 0, byte: 0 } : watermark
}

/** Whether the first bytes of an object say so, where there is one. */
export async function isPacked(file: SourceFile, files: SourceFiles): Promise<boolean> {
  const opened = await files.open(file, { start: 0, end: 2 })
  return opened.kind === 'open' && isGzip(await buffer(opened.body))
}

/** The object is not there, or S3 does not hand it out: there is nothing more to be done, but to say so. */
async function endUnread(
  why: 'gone' | 'superseded' | 'locked',
  lease: Lease<Checkpoint>,
  { task: { file, replays }, ports }: SegmentImport,
): Promise<Checkpoint> {
  let failure: Failure
  if (why === 'locked') {
    failure = { kind: 'failed', rejection: reject('object_unreadable', 'it lies in an archive'), replays }
    await sendFileDeadLetter({ file, replays }, failure.rejection, ports)
  } else {
    failure = { kind: 'missing', state: why }
  }
  const last: Checkpoint = { ...lease.state, isDone: true, failure }
  await lease.release(last)
  return last
}

async function run(
  opened: OpenFile,
  start: Watermark,
  lease: Lease<Checkpoint>,
  work: SegmentImport,
): Promise<Checkpoint | undefined> {
  const { task, ports, invocation } = work
  const { limits, clock } = ports
  const began = lease.state.watermark.line
  const ledger = new Ledger(lease.state.watermark, limits.maxInFlight * SPAN_PER_REQUEST, lease.state.counts)
  const origin: DeadLetterOrigin = { file: task.file, replays: task.replays, lastModified: opened.lastModified }
  const settlement = new Settlement(origin, ports, ledger)
  const opening = { ...lease.state, bytes: opened.bytes }
  ports.events.started(task.file.key, opened.bytes, opening.invocations, began + 1)
  let stopped: Error | undefined
  const stop = (error: Error): void => {
    stopped ??= error
    settlement.stop(error)
    opened.body.destroy(error)
  }
  const checkpointer = new Checkpointer(lease, opening, ledger, clock, settlement.backPressure, {
    everyMs: limits.checkpointMs,
    maxUnsaved: mostRepeats(ports),
    onLost: stop,
    onSaved: work.onProgress,
  })
  using _ending = onAbort(invocation.ending, stop)
  work.onProgress(opening)
  try {
    const result = await passDown(opened, start, { settlement, task, ports })
    // A body that was closed from here looks like one that is cut off.
    if (stopped !== undefined) throw asError(stopped)
    await settlement.finish()
    throwUnlessAddedUp(ledger, result, began, task)
    if (result.refusal !== undefined) await sendFileDeadLetter(origin, result.refusal, ports)
    return await checkpointer.end({ isDone: true, ...failureOf(result.refusal, task) })
  } catch (error) {
    const why = stopped ?? asError(error)
    await settlement.shutDown(why)
    if (why instanceof VanishedFile && why.state !== 'locked')
      return await checkpointer.end({ isDone: true, failure: { kind: 'missing', state: why.state } })
    const { watermark } = await checkpointer.end()
    await breakOff(why, began, watermark.line, work)
    return undefined
  } finally {
    opened.body.destroy()
  }
}

interface Along {
  readonly settlement: Settlement
  readonly task: Task
  readonly ports: Ports
}

async function passDown(opened: OpenFile, start: Watermark, { settlement, task, ports }: Along): Promise<PipelineResult> {
  const apiKey = await ports.apiKey()
  const settled = settlement.ledger.watermark.line
  const { maxLineBytes } = ports.limits
  const reading = await openLines(opened.body, { maxLineBytes, byteStart: start.byte, firstLine: start.line + 1 })
  return runPipeline(reading, {
    rules: { latestTime: latestTimeFor(opened.lastModified) },
    apiKey,
    settlement,
    settled,
    isAdmitted: task.segment !== undefined || settled > 0,
  })
}

/** What was read is counted where lines come in, what ended where they go out, and a segment's lines were counted when it was cut. */
function throwUnlessAddedUp(ledger: Ledger, { lines }: PipelineResult, began: number, { file, segment }: Task): void {
  const before = began - (segment === undefined ? 0 : segment.firstLine - 1)
  const read = before + lines
  const ended = settledLines(ledger.counts())
  if (read === ended && (segment === undefined || segment.lines === read)) return
  throw new AccountingError(
    `The import of ${file.key} does not add up: ${read} lines were read, but ${ended} ended` +
      `${segment === undefined ? '' : ` of the ${segment.lines} of segment ${segment.index}`}. This is a fault of the importer.`,
  )
}

function failureOf(rejection: Rejection | undefined, { replays }: Task): Pick<Checkpoint, 'failure'> {
  return rejection === undefined ? {} : { failure: { kind: 'failed', rejection, replays } }
}

/** What becomes of the rest where a run ends before its segment does. */
async function breakOff(why: Error, began: number, reached: number, { task, ports }: SegmentImport): Promise<void> {
  if (why instanceof OutOfTime) await requeue(task, began, reached, ports)
  else if (why instanceof OutageError) ports.events.outage(why.message, await defer(task, reached, FIRST_OUTAGE_DELAY_MS, ports))
  else throw why
}

/** One letter for the drop as a whole. */
export async function sendFileDeadLetter(origin: DeadLetterOrigin, rejection: Rejection, ports: Ports): Promise<void> {
  const deadLetter = fileDeadLetter(origin, rejection, ports.clock.now())
  const deadLetters = new DeadLetterSender(deadLetterDestination(deadLetter.source, deadLetter.replays, ports), ports.clock)
  deadLetters.send(deadLetter, () => undefined)
  await deadLetters.flush()
}
