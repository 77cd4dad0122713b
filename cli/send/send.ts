import { clock } from '../../lambda/adapters/clock.ts'
import { kissmetricsEndpoint } from '../../lambda/adapters/endpoint.ts'
import type { ColumnMapping } from '../../lambda/csv/columns.ts'
import type { Report } from '../../lambda/report/report.ts'
import { HOLD_NOTHING, readHoldSettings, readNumberSetting, type Limits } from '../../lambda/settings.ts'
import { namedFiles } from '../files/named-files.ts'
import { readTarget, type Target } from '../local/options.ts'
import { nameUnreachable } from '../network/name-unreachable.ts'
import { survey } from '../preview/preview.ts'
import { readColumns } from '../preview/read-columns.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { confirm } from '../terminal/confirm.ts'
import { displayPath } from '../terminal/display-path.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import { allFilesText, leftText, type AllFiles } from './all-files-text.ts'
import { heldText, type HeldFile } from './check-safety.ts'
import { confirmationText } from './confirmation.ts'
import { deliverFile, type SendOptions, type SendResult } from './deliver-file.ts'
import { extractLines } from './edited-rows.ts'
import { findFile, isWrittenBySend, renameToNumber, type SentFile } from './files.ts'
import { findHeld, withoutSent, type Pending } from './pending.ts'
import { continuationText, linesOf, questionOf } from './question.ts'
import { alreadySentText, resultText, stoppedText, wrappedText } from './result-text.ts'
import type { SendState } from './state.ts'

export interface SendFlags {
  readonly endpoint: string
  readonly apiKeyEnv: string
  readonly yes: boolean
  /** Send files that the safety check would hold. */
  readonly release: boolean
  readonly again: boolean
  readonly json: boolean
  /** File with a mapping of columns. */
  readonly columns?: string
}

/** After a crash, the lease of the crashed run holds up the next run for three times as long. */
const CHECKPOINT_MS = 1_000

/**
 * Sends files from this computer, once and without AWS. The user sees a preview first, and confirms. Report and rejected lines are
 * kept beside each file; the same command continues an interrupted send.
 *
 * A file that the safety check holds does not stop the others.
 *
 * @param given files, folders and patterns
 * @returns the worst result of all files
 * @throws SetupError if the user has to fix something first
 */
export async function send(given: readonly string[], flags: SendFlags): Promise<ExitCode> {
  const target = readTarget(flags.endpoint, flags.apiKeyEnv, 'sending', process.env)
  const limits = readLimits()
  const columns = await readColumns(flags.columns)
  const { names, notes } = await namedFiles(given)
  notes.forEach(warn)
  const { files, hasUnfixed } = await findFiles(names, columns)
  const { pending, sent } = await withoutSent(files, flags.again)
  const checking = pending.length === 0 ? undefined : nameUnreachable(target.endpoint, warn)
  for (const { file, report } of sent) process.stderr.write(alreadySentText(file, report))
  const held = flags.release ? [] : await findHeld(pending, limits)
  const isAllHeld = held.length === pending.length && held.length > 0
  const sendable = isAllHeld ? pending : pending.filter(({ file }) => !held.some(({ name }) => name === file.name))
  if (held.length > 0 && !isAllHeld) warnHeld(held, sendable.length)
  const all: Results = {
    reports: sent.map(({ report }) => report),
    held: isAllHeld ? [] : held.map(({ name }) => name),
    left: [],
  }
  const end = (code: ExitCode): ExitCode => {
    printJson(all.reports, flags)
    if (files.length > 1 && !flags.json) process.stdout.write(allFilesText(all, process.stdout))
    return code
  }
  if (sendable.length > 0) {
    const summary = await survey(
      sendable.map(({ file }) => file.path),
      columns,
    )
    showPreview(sendable, summary)
    if (isAllHeld) process.stderr.write(heldText(held, process.stderr))
    if (isAllHeld && flags.yes) {
      warn('Nothing was sent. If all of this is right, the same command with --release sends it.')
      all.held = held.map(({ name }) => name)
      return end(EXIT.someLinesLeft)
    }
    await checking
    const question = questionOf(summary, target.endpoint.host, sendable, isAllHeld)
    if (summary.lines.valid > 0 && !(await confirm(question, flags))) return EXIT.ok
    const stopped = await sendAll(sendable, all, { target, limits, summary, flags }).catch((error: unknown) => {
      end(EXIT.unusable)
      throw error
    })
    if (stopped !== undefined) return end(stopped)
  }
  const isClean = !hasUnfixed && all.held.length === 0 && all.reports.every(({ state }) => state === 'complete')
  return end(isClean ? EXIT.ok : EXIT.someLinesLeft)
}

/** Grows while files are sent. */
interface Results extends AllFiles {
  readonly reports: Report[]
  held: readonly string[]
  left: readonly string[]
}

function warnHeld(held: readonly HeldFile[], others: number): void {
  process.stderr.write(heldText(held, process.stderr))
  const left = held.length === 1 ? 'This file is' : 'These files are'
  const rest = others === 1 ? 'the other one is not held' : `the other ${grouped(others)} are not held`
  warn(`${left} left out; ${rest}. If all of this is right, the same command with --release sends all.`)
}

function readLimits(): Limits {
  const { env } = process
  return {
    maxInFlight: readNumberSetting('KM_MAX_IN_FLIGHT', env),
    maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', env),
    maxLinesPerSecond: readNumberSetting('KM_MAX_LINES_PER_SECOND', env),
    segmentBytes: Number.MAX_SAFE_INTEGER, // one process imports the file, so it is not split
    checkpointMs: CHECKPOINT_MS,
    deadlineMarginMs: 0,
    hold: readHoldSettings(env),
  }
}

/** Each file once. A file of rows that the user has fixed is replaced by the file of its lines. */
async function findFiles(
  names: readonly string[],
  columns: ColumnMapping | undefined,
): Promise<{ files: readonly SentFile[]; hasUnfixed: boolean }> {
  const files = new Map<string, SentFile>()
  let hasUnfixed = false
  for (const name of names) {
    const found = await findFile(name, columns)
    if (names.length > 1 && isWrittenBySend(found.path)) {
      if (found.path.endsWith('.jsonl'))
        warn(`${found.name} has rejected lines and is skipped. To send the lines that you have fixed, send it alone.`)
      continue
    }
    const edited = await extractLines(name)
    if (edited.kind === 'not-fixed') {
      warn(`${found.name} has rejected lines, and none of them is valid yet. Fix them first.`)
      hasUnfixed = true
      continue
    }
    if (edited.kind === 'lines') {
      const rest =
        edited.rowsWithoutLine === 0 ? '' : ` ${counted(edited.rowsWithoutLine, 'row')} without "line" will not be sent.`
      warn(`The lines of ${found.name} are sent as ${printable(edited.name)}.${rest}`)
    }
    const file = edited.kind === 'lines' ? await findFile(edited.name) : found
    files.set(file.path, file)
  }
  return { files: [...files.values()], hasUnfixed }
}

function showPreview(pending: readonly Pending[], summary: PreviewSummary): void {
  const names = pending.map(({ file }) => file.name)
  process.stderr.write(confirmationText(summary, names, process.stderr))
  for (const each of pending) {
    const text = continuationText(each, summary)
    if (text !== undefined) warn(text)
  }
}

interface Sending {
  readonly target: Target
  readonly limits: Limits
  readonly summary: PreviewSummary
  readonly flags: SendFlags
}

/** Sends the files one after the other, and adds their reports. @returns the exit code if it was stopped before the end */
async function sendAll(
  pending: readonly Pending[],
  all: Results,
  { target, limits, summary, flags }: Sending,
): Promise<ExitCode | undefined> {
  using interruption = new Interruption()
  const endpoint = kissmetricsEndpoint(target.endpoint, limits.maxInFlight)
  try {
    for (const [index, { file, state }] of pending.entries()) {
      all.left = pending.slice(index).map((each) => each.file.name)
      const sent = await sendOne(file, state, {
        apiKey: target.apiKey,
        endpoint,
        clock,
        limits: { ...limits, hold: HOLD_NOTHING }, // checked before, all files at once
        lines: linesOf(file, summary),
        label: pending.length === 1 ? '' : `file ${index + 1} of ${pending.length}`,
        output: process.stderr,
        signal: interruption.signal,
        isAttended: process.stderr.isTTY && process.stdin.isTTY,
      })
      if (sent.kind !== 'ended') {
        process.stderr.write(stoppedText(file, sent))
        return sent.kind === 'interrupted' ? EXIT.interrupted : EXIT.someLinesLeft
      }
      all.reports.push(sent.report)
      all.left = []
      if (!flags.json) process.stdout.write(resultText(file, sent.report, process.stdout))
    }
    return undefined
  } finally {
    await endpoint.close()
    if (pending.length > 1 && all.left.length > 0) process.stderr.write(leftText(all.left))
  }
}

async function sendOne(file: SentFile, state: SendState, options: SendOptions): Promise<SendResult> {
  if (state.checkpoint === undefined) {
    for (const earlier of [file.reportPath, file.rejectedPath]) {
      const renamed = await renameToNumber(earlier)
      if (renamed !== undefined) warn(`${displayPath(earlier)} of an earlier send was renamed to ${displayPath(renamed)}.`)
    }
  }
  const sent = await deliverFile(file, state, options)
  if (sent.kind === 'ended') await state.remove()
  return sent
}

/** A message on stderr, so that it is not part of the output. */
function warn(message: string): void {
  process.stderr.write(wrappedText(printable(message)))
}

function printJson(reports: readonly Report[], { json }: SendFlags): void {
  if (json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`)
}
