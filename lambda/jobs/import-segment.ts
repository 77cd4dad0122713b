import { buffer } from 'node:stream/consumers'
import { AccountingError, asError, OutageError, TimeIsUp } from '../errors.ts'
import { handOn, leaveTo, putOff } from './requeue.ts'
import type { SourceFile } from '../intake/source-file.ts'
import type { Task } from '../intake/task.ts'
import { latestTimeFor } from '../parse/line.ts'
import { checkpointKey } from '../keys.ts'
import type { SourceFiles, OpenFile } from '../read/drops.ts'
import { isGzip, openLines, VanishedFile } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'
import { beginCheckpoint, CHECKPOINT_SCHEMA, type Breakage, type Checkpoint } from '../settle/checkpoint.ts'
import { Checkpointer } from '../settle/checkpointer.ts'
import { Claim } from '../settle/lease.ts'
import { Ledger, type Mark } from '../settle/ledger.ts'
import { fileDeadLetter, type DeadLetterOrigin } from '../settle/build-dead-letter.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import { endedIn } from '../settle/counts.ts'
import { deadLetterDestination } from './quarantine.ts'
import { Settlement } from './settlement.ts'
import { whenRaised } from './on-abort.ts'
import { settleLines, type Journey } from './pipeline.ts'
import type { Invocation, World } from '../ports.ts'

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
  readonly world: World
  readonly invocation: Invocation
  /** Told at each checkpoint, and when the run begins. */
  readonly onProgress: (checkpoint: Checkpoint) => void
}

/** The most lines that a run which is killed can have sent, and the next one sends again. */
export function mostRepeats({ limits }: World): number {
  return limits.maxInFlight * UNSAVED_PER_REQUEST
}

/**
 * Imports a segment, or a drop that is one: from its checkpoint to its end, or as far as this invocation comes.
 *
 * @returns its last checkpoint where it is done, by whomever; undefined where the rest was handed on
 * @throws SetupError, AccountingError, StandstillError, LostClaim, or what S3 or SQS said: then the message has to come again
 */
export async function importSegment(work: SegmentImport): Promise<Checkpoint | undefined> {
  const { task, world, invocation } = work
  const taking = await takeClaim(task, world, invocation)
  if (taking.kind === 'over') return taking.state
  if (taking.kind === 'busy') {
    await leaveTo(taking, task, invocation, world)
    return undefined
  }
  const { claim } = taking
  if (invocation.deliveries >= RENEWED_AT_DELIVERY && claim.state.mark.line > task.reached) {
    await claim.release(claim.state)
    await handOn(task, task.reached, claim.state.mark.line, world)
    return undefined
  }
  const { start, opened } = await openAt(claim, work)
  if (opened.kind !== 'open') return endUnread(opened.kind, claim, work)
  return run(opened, start, claim, work)
}

async function openAt(claim: Claim<Checkpoint>, { task, world }: SegmentImport) {
  try {
    const start = await findStart(task, claim.state.mark, world)
    const end = task.segment?.byteEnd
    return { start, opened: await world.files.open(task.file, { start: start.byte, ...(end !== undefined && { end }) }) }
  } catch (error) {
    await claim.release(claim.state).catch(() => undefined) // nothing was sent, so whoever comes next need not wait
    throw error
  }
}

function startOf({ segment }: Task): Mark {
  return segment === undefined ? { line: 0, byte: 0 } : { line: segment.firstLine - 1, byte: segment.byteStart }
}

function takeClaim(task: Task, world: World, { messageId }: Invocation) {
  const place = { bucket: task.file.bucket, key: checkpointKey(task.file, task.segment?.index ?? 1) }
  return Claim.take<Checkpoint>(place, world.checkpoints, world.clock, {
    schema: CHECKPOINT_SCHEMA,
    run: world.newRun(),
    messageId,
    leaseMs: world.limits.checkpointMs * LEASE_CHECKPOINTS,
    // A drop that came back as a whole is tried again when a person sends it back.
    isOver: ({ isDone, breakage }) => isDone && !(breakage?.kind === 'failed' && task.replays > breakage.replays),
    begin: (earlier, brokeOff) =>
      beginCheckpoint(earlier, {
        start: startOf(task),
        startedAt: new Date(world.clock.now()).toISOString(),
        brokeOff,
        maxRepeats: mostRepeats(world),
      }),
  })
}

/** From the mark on; but a compressed drop is unpacked from its start, whatever of it is settled. @returns where the next line to be read stands */
async function findStart({ file, segment }: Task, mark: Mark, { files }: World): Promise<Mark> {
  if (segment !== undefined || mark.byte === 0) return mark
  return (await isPacked(file, files)) ? { line: 0, byte: 0 } : mark
}

/** Whether the first bytes of an object say so, where there is one. */
export async function isPacked(file: SourceFile, files: SourceFiles): Promise<boolean> {
  const opened = await files.open(file, { start: 0, end: 2 })
  return opened.kind === 'open' && isGzip(await buffer(opened.body))
}

/** The object is not there, or S3 does not hand it out: there is nothing more to be done, but to say so. */
async function endUnread(
  why: 'gone' | 'superseded' | 'locked',
  claim: Claim<Checkpoint>,
  { task: { file, replays }, world }: SegmentImport,
): Promise<Checkpoint> {
  let breakage: Breakage
  if (why === 'locked') {
    breakage = { kind: 'failed', rejection: reject('object_unreadable', 'it lies in an archive'), replays }
    await sendFileDeadLetter({ file, replays }, breakage.rejection, world)
  } else {
    breakage = { kind: 'missing', state: why }
  }
  const last: Checkpoint = { ...claim.state, isDone: true, breakage }
  await claim.release(last)
  return last
}

async function run(
  opened: OpenFile,
  start: Mark,
  claim: Claim<Checkpoint>,
  work: SegmentImport,
): Promise<Checkpoint | undefined> {
  const { task, world, invocation } = work
  const { limits, clock } = world
  const began = claim.state.mark.line
  const ledger = new Ledger(claim.state.mark, limits.maxInFlight * SPAN_PER_REQUEST, claim.state.sums)
  const origin: DeadLetterOrigin = { file: task.file, replays: task.replays, lastModified: opened.lastModified }
  const settlement = new Settlement(origin, world, ledger)
  const opening = { ...claim.state, bytes: opened.bytes }
  world.say.started(task.file.key, opened.bytes, opening.invocations, began + 1)
  let stopped: Error | undefined
  const stop = (error: Error): void => {
    stopped ??= error
    settlement.stop(error)
    opened.body.destroy(error)
  }
  const checkpointer = new Checkpointer(claim, opening, ledger, clock, {
    everyMs: limits.checkpointMs,
    maxUnsaved: mostRepeats(world),
    onLost: stop,
    onSaved: work.onProgress,
  })
  using _ending = whenRaised(invocation.ending, stop)
  work.onProgress(opening)
  try {
    const journey = await passDown(opened, start, { settlement, checkpointer, task, world })
    // A body that was closed from here looks like one that is cut off.
    if (stopped !== undefined) throw asError(stopped)
    await settlement.finish()
    throwUnlessAddedUp(ledger, journey, began, task)
    if (journey.refusal !== undefined) await sendFileDeadLetter(origin, journey.refusal, world)
    return await checkpointer.end({ isDone: true, ...brokenBy(journey.refusal, task) })
  } catch (error) {
    const why = stopped ?? asError(error)
    await settlement.windDown(why)
    if (why instanceof VanishedFile && why.state !== 'locked')
      return await checkpointer.end({ isDone: true, breakage: { kind: 'missing', state: why.state } })
    const { mark } = await checkpointer.end()
    await breakOff(why, began, mark.line, work)
    return undefined
  } finally {
    opened.body.destroy()
  }
}

interface Along {
  readonly settlement: Settlement
  readonly checkpointer: Checkpointer
  readonly task: Task
  readonly world: World
}

async function passDown(opened: OpenFile, start: Mark, { settlement, checkpointer, task, world }: Along): Promise<Journey> {
  const apiKey = await world.apiKey()
  const { settled } = settlement.ledger
  const { maxLineBytes } = world.limits
  const reading = await openLines(opened.body, { maxLineBytes, byteStart: start.byte, firstLine: start.line + 1 })
  return settleLines(reading, {
    rules: { latestTime: latestTimeFor(opened.lastModified) },
    apiKey,
    settlement,
    checkpointer,
    settled,
    isAdmitted: task.segment !== undefined || settled > 0,
  })
}

/** What was read is counted where lines come in, what ended where they go out, and a segment's lines were counted when it was cut. */
function throwUnlessAddedUp(ledger: Ledger, { lines }: Journey, began: number, { file, segment }: Task): void {
  const before = began - (segment === undefined ? 0 : segment.firstLine - 1)
  const read = before + lines
  const ended = endedIn(ledger.sums())
  if (read === ended && (segment === undefined || segment.lines === read)) return
  throw new AccountingError(
    `The import of ${file.key} does not add up: ${read} lines were read, but ${ended} ended` +
      `${segment === undefined ? '' : ` of the ${segment.lines} of segment ${segment.index}`}. This is a fault of the importer.`,
  )
}

function brokenBy(rejection: Rejection | undefined, { replays }: Task): Pick<Checkpoint, 'breakage'> {
  return rejection === undefined ? {} : { breakage: { kind: 'failed', rejection, replays } }
}

/** What becomes of the rest where a run ends before its segment does. */
async function breakOff(why: Error, began: number, reached: number, { task, world }: SegmentImport): Promise<void> {
  if (why instanceof TimeIsUp) await handOn(task, began, reached, world)
  else if (why instanceof OutageError) world.say.outage(why.message, await putOff(task, reached, FIRST_OUTAGE_DELAY_MS, world))
  else throw why
}

/** One letter for the drop as a whole. */
export async function sendFileDeadLetter(origin: DeadLetterOrigin, rejection: Rejection, world: World): Promise<void> {
  const deadLetter = fileDeadLetter(origin, rejection, world.clock.now())
  const deadLetters = new DeadLetterSender(deadLetterDestination(deadLetter.source, deadLetter.replays, world), world.clock)
  deadLetters.post(deadLetter, () => undefined)
  await deadLetters.flush()
}
