import { Readable } from 'node:stream'
import { asError } from '../errors.ts'
import { toEntry } from '../parse/entry.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { openLines, type Line, type ReadOptions } from '../read/lines.ts'
import { Ledger } from '../settle/ledger.ts'
import { lineOf, toBody, type DeadLetter } from '../settle/dead-letter.ts'
import { DeadLetterSender } from '../settle/dead-letter-sender.ts'
import { lineOfDeadLetter } from '../settle/replay-origins.ts'
import { BrakeWatch, readBrake } from './brake.ts'
import { closeLines } from './close-lines.ts'
import { readOptions } from './read-options.ts'
import { DONE, type JobOutcome } from './outcome.ts'
import { lineRulesFor } from './line-rules.ts'
import { deadLetterDestination } from './quarantine.ts'
import { Settlement } from './settlement.ts'
import { stopReasonOf } from './stop-reason.ts'
import { RateLease } from './rate-lease.ts'
import { PAUSE_SECONDS } from './while-paused.ts'
import type { Ports } from '../ports.ts'

/**
 * Tries the line of a dead letter again, by the rules of its import: it is delivered, or becomes a new dead letter that counts the replay and
 * is quarantined at the third.
 *
 * The lines of a group would be rejected again, so its dead letter stays as it is.
 *
 * Whether a time is in the future is measured against the same date as in the import, so a replay alone never changes the result.
 *
 * @throws SetupError, or the error of S3 or SQS: then the message with the dead letter stays in the queue
 */
export async function replayDeadLetter(deadLetter: DeadLetter, ports: Ports): Promise<JobOutcome> {
  if (deadLetter.delivered === true) return closeDelivered(deadLetter, ports)
  const { bucket, key, versionId, etag, lastModified } = deadLetter.source
  const readAt = ports.clock.now()
  const { paused, limit } = await readBrake(ports)
  if (paused !== undefined) return waitForResume(deadLetter, paused.since, ports)
  const number = deadLetter.source.line ?? 1
  const replays = deadLetter.replays + 1
  const file: SourceFile = { bucket, key, ...(versionId !== undefined && { versionId }), ...(etag !== undefined && { etag }) }
  const found = deadLetter.kind === 'group' ? undefined : await findLine(deadLetter, file, number, ports)
  if (found === undefined) {
    await sendUnchanged({ ...deadLetter, replays }, ports)
    return DONE
  }
  const written = found.lastModified ?? new Date(lastModified ?? deadLetter.failedAt)
  const { rules } = deadLetter
  const entry = toEntry(found.line, lineRulesFor(written, rules), await ports.apiKey())
  const ledger = new Ledger({ watermark: { line: number - 1, byte: found.line.byteStart } }, 1)
  const deadLetters = deadLetterDestination(deadLetter.source, replays, ports)
  const origin = {
    file,
    replays,
    lastModified: written,
    rules,
    originOf: () => deadLetter.origin,
    countedAs: lineOfDeadLetter(deadLetter)?.countedAs,
  }
  const settlement = new Settlement(origin, { ...ports, deadLetters }, ledger)
  await using rate = new RateLease(ports, settlement.requests)
  using watch = new BrakeWatch(ports, {
    onLook: (brake) => rate.renew(brake.limit?.linesPerSecond),
    onStop: (error) => {
      settlement.stop(error)
    },
  })
  try {
    await rate.renew(limit?.linesPerSecond)
    await watch.begin(readAt)
    settlement.settle(entry)
    await settlement.finish()
  } catch (error) {
    await settlement.shutDown(asError(error))
    const reason = stopReasonOf(error)
    if (reason.kind === 'outage') return reason
    if (reason.kind === 'paused') return await waitForResume(deadLetter, reason.since, ports)
    throw error
  }
  const { lines, rejectedBy } = ledger.progress().counts
  if (lines.delivered + lines.blank === 0) {
    ports.events.replayFailed(key, number, Object.keys(rejectedBy).join(), replays)
    return DONE
  }
  ports.events.replayed(key, number, lines.blank > 0 ? 'blank' : 'delivered')
  return await closeDelivered(deadLetter, ports)
}

/** How long a report waits that could not be brought up to date. */
const CLOSE_AGAIN_SECONDS = 60

/** The report of the file no longer counts the line as open. If that fails, a new message asks for it, and for no second delivery. */
async function closeDelivered(deadLetter: DeadLetter, ports: Ports): Promise<JobOutcome> {
  const line = lineOfDeadLetter(deadLetter)
  if (line === undefined) return DONE
  try {
    await closeLines([{ ...line, as: 'fixed' }], ports)
    return DONE
  } catch (error) {
    await ports.importQueue.send(toBody({ ...deadLetter, delivered: true }), CLOSE_AGAIN_SECONDS)
    ports.events.notClosed(line.key, line.line, asError(error).message)
    return { kind: 'requeued' }
  }
}

async function waitForResume(deadLetter: DeadLetter, since: string, { importQueue, events, clock }: Ports): Promise<JobOutcome> {
  await importQueue.send(toBody(deadLetter), PAUSE_SECONDS)
  const ageSeconds = Math.round((clock.now() - Date.parse(deadLetter.failedAt)) / 1000)
  events.pausedByPerson(deadLetter.source.key, since, ageSeconds)
  return { kind: 'requeued' }
}

interface FoundLine {
  readonly line: Line
  /** If the line was read from the file again. */
  readonly lastModified?: Date
}

/** @returns undefined if the dead letter carries no line, or only a part of it, and the file is no longer there */
async function findLine(deadLetter: DeadLetter, file: SourceFile, number: number, ports: Ports): Promise<FoundLine | undefined> {
  const isRow = deadLetter.source.format === 'csv'
  // Such a row cannot become a line, however often it is tried.
  if (isRow && (deadLetter.reason === 'invalid_row' || deadLetter.reason === 'invalid_encoding')) return undefined
  // The dead letter of a row that was too long has the row. The file says what it means.
  const bytes = isRow && deadLetter.reason === 'line_too_long' ? undefined : lineOf(deadLetter)
  if (bytes !== undefined) {
    const { byteStart = 0, byteEnd = bytes.length } = deadLetter.source
    const line = await readLine(Readable.from([bytes]), 1, { ...ports.limits, isLine: true })
    // Nothing is read from an empty line: it is blank.
    return { line: { ...(line ?? { text: '' }), number, byteStart, byteEnd, ...rowOf(deadLetter) } }
  }
  const opened = await ports.files.open(file)
  if (opened.kind !== 'open') return undefined
  const line = await readLine(opened.body, number, { ...ports.limits, ...readOptions(opened, deadLetter.rules) })
  return line && { line, lastModified: opened.lastModified }
}

/** A line that was made from a CSV row stays one. */
function rowOf({ source, row }: DeadLetter): Pick<Line, 'format' | 'row'> {
  return { ...(source.format !== undefined && { format: source.format }), ...(row !== undefined && { row }) }
}

async function readLine(body: Readable, number: number, options: ReadOptions): Promise<Line | undefined> {
  const { batches } = await openLines(body, options)
  for await (const batch of batches) {
    const line = batch.find((candidate) => candidate.number === number)
    if (line !== undefined) return line
  }
  return undefined
}

async function sendUnchanged(deadLetter: DeadLetter, ports: Ports): Promise<void> {
  const { source, replays, kind, reason } = deadLetter
  const destination = deadLetterDestination(source, replays, ports, kind === 'group' ? reason : undefined)
  const sender = new DeadLetterSender(destination, ports.clock)
  sender.send({ ...deadLetter, failedAt: new Date(ports.clock.now()).toISOString() }, () => undefined)
  await sender.flush()
  ports.events.replayFailed(source.key, source.line ?? 0, reason, replays)
}
