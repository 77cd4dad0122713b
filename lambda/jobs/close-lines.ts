import { fullJitter } from '../backoff.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { closedLinesKey, isReplayFile, reportKey, undeliveredKey } from '../keys.ts'
import { contains, type LineRanges } from '../common/line-ranges.ts'
import type { DocumentKey, Ports } from '../ports.ts'
import { includesClosed, withClosedLines, type ClosedParts } from '../report/rejects.ts'
import { isFinal, notDelivered, type Report } from '../report/report.ts'
import { requestMissingAnswer } from './answer-request.ts'
import { countClosedGroups, readClosedGroups, type ClosedGroups } from '../settle/closed-groups.ts'
import {
  countClosed,
  partOf,
  partsOf,
  readClosedLines,
  withClosed,
  type ClosedCounts,
  type ClosedLine,
  type ClosedLines,
} from '../settle/closed-lines.ts'
import type { UndeliveredLine } from '../settle/replay-origins.ts'
import { readUndelivered, type Undelivered } from '../settle/undelivered.ts'

/** Attempts to write a document that others write at the same time. */
const MAX_TRIES = 50
const BACKOFF_MS = { first: 50, max: 1_000 }
/** A report that was written so shortly before is written by others too. */
const BUSY_MS = 2_000
/** A writer waits at most this long for others to write for it. */
const GROUP_MS = 500
/** Documents that are read or written at the same time. */
const CONCURRENCY = 16
const NEVER = new AbortController().signal

export type ClosePorts = Pick<Ports, 'documents' | 'reports' | 'answerQueue'> & {
  readonly clock: Pick<Ports['clock'], 'now' | 'sleep' | 'chance'>
}

/** What is closed in a file, as it is stored. */
interface Closed {
  readonly parts: ReadonlyMap<number, ClosedLines>
  readonly groups?: ClosedGroups | undefined
}

/** A line that was not delivered, and now is, or is discarded. */
export interface Closing extends UndeliveredLine {
  readonly as: ClosedLine['as']
}

/**
 * Closes lines that were not delivered: the reports of their files no longer count them as open. Call it when the lines are delivered, or
 * stored as discarded. Closing a line twice changes nothing.
 *
 * A line of a file of fixed lines replaces one of another file, which is closed too as soon as all lines that replace it are.
 *
 * @throws NewerVersionError, SetupError, or the error of S3
 */
export async function closeLines(closings: readonly Closing[], ports: ClosePorts): Promise<void> {
  for (const [file, lines] of byFile(closings)) {
    const written = new Map<number, ClosedLines>()
    await inParallel(
      Map.groupBy(lines, ({ line }) => partOf(line)),
      async ([part, closed]) => {
        written.set(part, await addToPart(file, part, closed, ports))
      },
    )
    await countOrNote(file, { parts: written }, ports)
    if (isReplayFile(file.key))
      await closeLines(
        await replacedLines(
          file,
          lines.map(({ line }) => line),
          ports,
        ),
        ports,
      )
  }
}

/** The report of the file counts what was closed, or will do so when it becomes final. */
export async function countOrNote(file: SourceFile, closed: Closed, ports: ClosePorts): Promise<void> {
  if (await countInReport(file, closed, ports)) return
  await noteEarly(file, ports)
  await countInReport(file, closed, ports) // it may have become final in between
}

/**
 * Counts the lines of a file that were closed before its final report was written. Call it when the report is written.
 *
 * Usually there are none, and the one document that would say so is read: `closeLines` writes it if it finds no final report.
 */
export async function countClosedBefore(file: SourceFile, ports: ClosePorts): Promise<void> {
  if ((await ports.documents.find({ bucket: file.bucket, key: closedLinesKey(file, 'early') })) === undefined) return
  const found = await ports.reports.find(file.bucket, reportKey(file))
  if (found === undefined || notDelivered(found.report) === 0) return
  await countInReport(file, await readClosed(file, found.report, ports), ports)
}

/** The lines of other files that are closed because all lines that replace them are. @param lines of the file, closed just now */
export async function replacedLines(file: SourceFile, lines: readonly number[], ports: ClosePorts): Promise<readonly Closing[]> {
  const { replaced = [] } = (await findUndelivered(file, ports)) ?? {}
  const isClosedNow = new Set(lines)
  const candidates = replaced.filter(({ by }) => by.some((line) => isClosedNow.has(line)))
  const parts = await readParts(file, new Set(candidates.flatMap(({ by }) => by.map(partOf))), ports)
  const all = [...parts.values()]
  const isFixed = contains(all.flatMap(({ fixed }) => fixed).toSorted(byFirstLine))
  const isDiscarded = contains(all.flatMap(({ discarded }) => discarded).toSorted(byFirstLine))
  return candidates.flatMap(({ by, ...line }): readonly Closing[] => {
    if (!by.every((each) => isFixed(each) || isDiscarded(each))) return []
    return [{ ...line, as: by.every(isFixed) ? 'fixed' : 'discarded' }]
  })
}

export async function findUndelivered(
  file: SourceFile,
  { documents }: Pick<Ports, 'documents'>,
): Promise<Undelivered | undefined> {
  const key = undeliveredKey(file)
  return readUndelivered((await documents.find({ bucket: file.bucket, key }))?.value, key)
}

async function addToPart(file: SourceFile, part: number, closed: readonly ClosedLine[], ports: ClosePorts): Promise<ClosedLines> {
  const key = closedLinesKey(file, part)
  return changeDocument(
    { bucket: file.bucket, key },
    (value) => readClosedLines(value, key),
    (earlier) => withClosed(earlier, closed),
    ports,
  )
}

/** Changes a document that others change at the same time. @returns the document that is stored */
export async function changeDocument<T extends object>(
  key: DocumentKey,
  read: (value: unknown) => T,
  change: (earlier: T) => T,
  ports: Pick<ClosePorts, 'documents' | 'clock'>,
): Promise<T> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const found = await ports.documents.find(key)
    const earlier = read(found?.value)
    const next = change(earlier)
    if (JSON.stringify(next) === JSON.stringify(earlier)) return earlier
    if ((await ports.documents.put(key, next, found?.tag)) !== undefined) return next
    await pause(tries, ports)
  }
  throw tooManyWriters(key.key)
}

/** The run that writes the final report of the file then looks for lines that were closed before. */
async function noteEarly(file: SourceFile, { documents, ...ports }: ClosePorts): Promise<void> {
  const key = { bucket: file.bucket, key: closedLinesKey(file, 'early') }
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    if ((await documents.put(key, withClosed(readClosedLines(undefined, key.key), []), undefined)) !== undefined) return
    if ((await documents.find(key)) !== undefined) return
    await pause(tries, ports)
  }
  throw tooManyWriters(key.key)
}

/**
 * The final report of a file counts its closed lines.
 *
 * Of many writers at the same time, one that succeeds writes for all, and the others find their lines counted. So while others write, each
 * waits a moment before it reads everything that is closed, and writes.
 *
 * @returns false if there is no final report yet
 */
async function countInReport(file: SourceFile, written: Closed, ports: ClosePorts): Promise<boolean> {
  const key = reportKey(file)
  let undelivered: LineRanges | undefined
  let isContended = false
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const found = await ports.reports.find(file.bucket, key)
    if (found === undefined || !isFinal(found.report)) return false
    if (notDelivered(found.report) === 0) return true
    undelivered ??= await undeliveredLines(file, found.report, ports)
    const countsOf = ({ parts, groups }: Closed): ClosedParts =>
      new Map<number | 'groups', ClosedCounts>([
        ...[...parts].map(([part, closed]) => [part, countClosed(closed, undelivered)] as const),
        ...(groups === undefined ? [] : [['groups', countClosedGroups(groups)] as const]),
      ])
    if (includesClosed(found.report, countsOf(written))) {
      await requestWhenFixed(found.report, ports)
      return true
    }
    const isBusy = ports.clock.now() - found.writtenAt.getTime() < BUSY_MS
    if (!isBusy || isContended) {
      const closed = isContended ? await readClosed(file, found.report, ports) : written
      const next = withClosedLines(found.report, countsOf(closed))
      if ((await ports.reports.replace(file.bucket, key, next, found.tag)) !== undefined) {
        await requestWhenFixed(next, ports)
        return true
      }
    }
    isContended = true
    await ports.clock.sleep(ports.clock.chance() * GROUP_MS, NEVER)
  }
  throw tooManyWriters(key)
}

/** A report whose last line was closed is answered once more. */
async function requestWhenFixed(report: Report, ports: ClosePorts): Promise<void> {
  if (report.state === 'complete-after-fixing') await requestMissingAnswer(report, ports)
}

/** @returns undefined if it is not known which lines they are */
async function undeliveredLines(file: SourceFile, { lines }: Report, ports: ClosePorts): Promise<LineRanges | undefined> {
  return lines.undeliverable === 0 ? [] : (await findUndelivered(file, ports))?.lines
}

/** Everything that is closed in a file. */
async function readClosed(file: SourceFile, { lines, grouped }: Report, ports: ClosePorts): Promise<Closed> {
  const parts = await readParts(file, partsOf(lines.total), ports)
  if (grouped === undefined) return { parts }
  const key = closedLinesKey(file, 'groups')
  return { parts, groups: readClosedGroups((await ports.documents.find({ bucket: file.bucket, key }))?.value, key) }
}

async function readParts(
  file: SourceFile,
  parts: Iterable<number>,
  { documents }: ClosePorts,
): Promise<ReadonlyMap<number, ClosedLines>> {
  const found = new Map<number, ClosedLines>()
  await inParallel(parts, async (part) => {
    const key = closedLinesKey(file, part)
    const document = await documents.find({ bucket: file.bucket, key })
    if (document !== undefined) found.set(part, readClosedLines(document.value, key))
  })
  return found
}

function byFile(closings: readonly Closing[]): Iterable<readonly [SourceFile, readonly Closing[]]> {
  const groups = Map.groupBy(closings, ({ bucket, key, versionId, etag }) => JSON.stringify([bucket, key, versionId, etag]))
  return [...groups.values()].flatMap((lines) => lines.slice(0, 1).map((file) => [file, lines] as const))
}

function byFirstLine([a]: readonly [number, number], [b]: readonly [number, number]): number {
  return a - b
}

async function inParallel<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const all = [...items]
  for (let from = 0; from < all.length; from += CONCURRENCY) await Promise.all(all.slice(from, from + CONCURRENCY).map(act))
}

function pause(tries: number, { clock }: Pick<ClosePorts, 'clock'>): Promise<void> {
  return clock.sleep(fullJitter(tries, clock.chance(), BACKOFF_MS), NEVER)
}

function tooManyWriters(key: string): Error {
  return new Error(`${key} is written by others again and again.`)
}
