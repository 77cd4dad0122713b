import * as v from 'valibot'
import { taskBody, type Task } from '../intake/task.ts'
import { pauseNoteKey, reportKey } from '../keys.ts'
import type { DocumentKey, FoundReport, Invocation, Ports } from '../ports.ts'
import { pausedReport, progressReport, STALE_MS } from '../report/report.ts'
import { refuseNewer } from '../common/schema.ts'
import type { JobOutcome } from './outcome.ts'
import { unreadFile } from './unread-file.ts'

/** While imports are paused, each task looks this often whether they still are. So `resume` acts within about a minute. */
export const PAUSE_SECONDS = 60

/** How often the report says again that the import is paused: it must not look stale. */
const KEEP_ALIVE_MS = STALE_MS / 3

const PAUSE_NOTE_SCHEMA = 'kissmetrics-importer/pause-note/v1'

/**
 * Which message of a task waits for the end of a pause, and which message has queued it. The others are copies. The note is written first,
 * because SQS can store a message and report an error.
 */
const PauseNote = v.looseObject({
  schema: v.literal(PAUSE_NOTE_SCHEMA),
  /** When the pause began. In a later pause, the note means nothing. */
  since: v.string(),
  /** The message that waits carries this id. */
  id: v.string(),
  /** The SQS message that has queued it, or is still trying to. */
  by: v.optional(v.string()),
  /** The id of that message, if it had waited itself. After a redrive, SQS gives it another id of its own. */
  from: v.optional(v.string()),
  /** From then on the message that waits may be lost, and a copy takes its place. Milliseconds since 1970. */
  until: v.number(),
})

/** Longer than a message waits for its next try, or else each failed try would leave a copy that queues others. */
const NOTE_SECONDS = PAUSE_SECONDS + 900

/**
 * Lets a task wait while all imports are paused: as a new message, so that waiting never uses up the deliveries of one.
 *
 * SQS can deliver a message that was deleted, or store one and report an error. Each copy would queue a message of its own every minute, so a
 * note says which message waits, and its copies end here.
 *
 * @throws NewerVersionError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function waitWhilePaused(
  task: Task,
  since: string,
  { messageId }: Pick<Invocation, 'messageId'>,
  ports: Ports,
): Promise<JobOutcome> {
  const { clock, events, importQueue } = ports
  const { file } = task
  const id = ports.newRun()
  if (!(await noteWaiting({ id, since, messageId }, task, ports))) {
    events.leftToWaiting(file.key)
    return { kind: 'yielded' }
  }
  await importQueue.send(taskBody({ ...task, pause: id }), PAUSE_SECONDS)
  await reportPause(task, since, ports).catch(() => undefined) // nothing depends on it
  events.pausedByPerson(file.key, since, Math.round((clock.now() - (task.since ?? Date.parse(since))) / 1000))
  return { kind: 'requeued' }
}

interface Waiting {
  readonly id: string
  readonly since: string
  readonly messageId: string | undefined
}

/** S3 can refuse a write although no other run has written (409). */
const MAX_TRIES = 3

/**
 * Notes that the message with this id waits for the task.
 *
 * @param waiting `messageId`: the message that queues it
 * @returns false if another message does, and the task's own one is a copy
 * @throws the error of S3, or an Error if S3 does not store the note
 */
async function noteWaiting(waiting: Waiting, task: Task, ports: Ports): Promise<boolean> {
  const { id, since, messageId } = waiting
  const { file, segment } = task
  const key = { bucket: file.bucket, key: pauseNoteKey(file, segment?.index) }
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { note, tag } = await readNote(key, ports)
    const now = Math.round(ports.clock.now())
    if (note?.id === id) return true // stored, although S3 has reported an error
    if (note !== undefined && isCopy(task, waiting, note, now)) return false
    const until = now + NOTE_SECONDS * 1000
    const by = { ...(messageId !== undefined && { by: messageId }), ...(task.pause !== undefined && { from: task.pause }) }
    const written = { schema: PAUSE_NOTE_SCHEMA, since, id, ...by, until, leaseHolder: { run: id, serial: 0, until: 0 } }
    if ((await ports.checkpoints.put(key, written, tag)) !== undefined) return true
  }
  throw new Error(`S3 did not store ${key.key}. The message is tried again.`)
}

function isCopy(task: Task, { since, messageId }: Waiting, note: v.InferOutput<typeof PauseNote>, now: number): boolean {
  if (note.since !== since) return false
  const isSameMessage = messageId !== undefined && messageId === note.by
  const isTriedAgain = isSameMessage || (task.pause !== undefined && task.pause === note.from)
  return note.until > now && note.id !== task.pause && !isTriedAgain && !asksForMore(task)
}

/** Whether a task that does not wait yet asks for more than the message that waits. Then it takes the place of that message. */
function asksForMore({ pause, foundBySearch, released, replays }: Task): boolean {
  return pause === undefined && (foundBySearch === true || released === true || replays > 0)
}

async function readNote(key: DocumentKey, { checkpoints }: Pick<Ports, 'checkpoints'>) {
  const found = await checkpoints.find(key)
  refuseNewer(found?.value, PAUSE_NOTE_SCHEMA, key.key)
  const { success, output } = v.safeParse(PauseNote, found?.value)
  return { note: success ? output : undefined, tag: found?.tag }
}

/** Says in the report of the file that it is paused: once, and again before the report looks stale. */
async function reportPause({ file }: Task, since: string, { reports, clock }: Ports): Promise<void> {
  const key = reportKey(file)
  const found = await reports.find(file.bucket, key)
  if (!needsNews(found, since, clock.now())) return
  const now = new Date(clock.now()).toISOString()
  const report = found?.report ?? progressReport(unreadFile(file, clock), now)
  await reports.replace(file.bucket, key, pausedReport(report, since, now), found?.tag)
}

function needsNews(found: FoundReport | undefined, since: string, now: number): boolean {
  if (found === undefined) return true
  const { report, writtenAt } = found
  if (report.state !== 'importing') return false
  return report.paused?.since !== since || now - writtenAt.getTime() >= KEEP_ALIVE_MS
}
