import * as v from 'valibot'
import { taskBody, type Task } from '../intake/task.ts'
import { pauseNoteKey, reportKey } from '../keys.ts'
import type { DocumentKey, FoundReport, Leased, Ports } from '../ports.ts'
import { pausedReport, progressReport, STALE_MS } from '../report/report.ts'
import { refuseNewer } from '../schema.ts'
import type { JobOutcome } from './outcome.ts'
import { unreadFile } from './unread-file.ts'

/** While imports are paused, each task looks this often whether they still are. So `resume` acts within about a minute. */
export const PAUSE_SECONDS = 60

/** How often the report says again that the import is paused: it must not look stale. */
const KEEP_ALIVE_MS = STALE_MS / 3

const PAUSE_NOTE_SCHEMA = 'kissmetrics-importer/pause-note/v1'

/** Which message of a task waits for the end of a pause. The others are copies. */
const PauseNote = v.looseObject({
  schema: v.literal(PAUSE_NOTE_SCHEMA),
  /** The message carries this id. */
  id: v.string(),
  /** When SQS delivers that message, milliseconds since 1970. */
  until: v.number(),
})

/**
 * Lets a task wait while all imports are paused: as a new message, so that waiting never uses up the deliveries of one.
 *
 * SQS can deliver a message that was deleted, or store one and report an error. Each copy would queue a message of its own every minute, so a
 * note says which message waits, and its copies end here.
 *
 * @throws NewerVersionError, or the error of S3 or SQS: then the message stays in the queue
 */
export async function waitWhilePaused(task: Task, since: string, ports: Ports): Promise<JobOutcome> {
  const { clock, events, importQueue } = ports
  const { file, segment } = task
  const key = { bucket: file.bucket, key: pauseNoteKey(file, segment?.index) }
  const note = await readNote(key, ports)
  if (note.until > clock.now() && note.id !== task.pause && !asksForMore(task)) {
    events.leftToWaiting(file.key)
    return { kind: 'yielded' }
  }
  const id = ports.newRun()
  await importQueue.send(taskBody({ ...task, pause: id }), PAUSE_SECONDS)
  const until = Math.round(clock.now()) + PAUSE_SECONDS * 1000
  const written = { schema: PAUSE_NOTE_SCHEMA, id, until, leaseHolder: { run: id, serial: 0, until: 0 } }
  await writeNote(key, written, note.tag, ports)
  await reportPause(task, since, ports).catch(() => undefined) // nothing depends on it
  events.pausedByPerson(file.key, since, Math.round((clock.now() - (task.since ?? Date.parse(since))) / 1000))
  return { kind: 'requeued' }
}

/** Whether a task that does not wait yet asks for more than the message that waits: it is no copy, and takes its place. */
function asksForMore({ pause, foundBySearch, released, replays }: Task): boolean {
  return pause === undefined && (foundBySearch === true || released === true || replays > 0)
}

/** S3 can refuse a write although no other run has written (409). */
const MAX_TRIES = 3

/**
 * @param tag of the old note
 * @throws Error if the old note is still there: it could make the new message look like a copy, so this message has to stay in the queue
 */
async function writeNote(
  key: DocumentKey,
  written: Leased<object>,
  tag: string | undefined,
  ports: Pick<Ports, 'checkpoints'>,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if ((await ports.checkpoints.put(key, written, tag)) !== undefined) return
    if ((await readNote(key, ports)).tag !== tag) return // another message of the task waits now
  }
  throw new Error(`S3 did not store ${key.key}. The message is tried again.`)
}

async function readNote(key: DocumentKey, { checkpoints }: Pick<Ports, 'checkpoints'>) {
  const found = await checkpoints.find(key)
  refuseNewer(found?.value, PAUSE_NOTE_SCHEMA, key.key)
  const { success, output } = v.safeParse(PauseNote, found?.value)
  return { id: success ? output.id : undefined, until: success ? output.until : 0, tag: found?.tag }
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
