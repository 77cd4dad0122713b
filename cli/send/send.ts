import { clock } from '../../lambda/adapters/clock.ts'
import { kissmetricsEndpoint } from '../../lambda/adapters/endpoint.ts'
import type { Report } from '../../lambda/report/report.ts'
import { HOLD_NOTHING, readHoldSettings } from '../../lambda/settings/hold.ts'
import { readNumberSetting } from '../../lambda/settings/numbers.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import { namedFiles } from '../files/named-files.ts'
import { readTarget, type Target } from '../local/options.ts'
import { nameUnreachable } from '../network/name-unreachable.ts'
import { survey } from '../preview/preview.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { readGivenRules, type GivenRulesFlags } from '../rules/given-rules.ts'
import { confirm } from '../terminal/confirm.ts'
import { displayPath } from '../terminal/display-path.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { grouped, printable } from '../terminal/output.ts'
import { allFilesText, leftText, type AllFiles } from './all-files-text.ts'
import { heldText, type HeldFile } from './check-safety.ts'
import { confirmationText } from './confirmation.ts'
import { deliverFile, type SendOptions, type SendResult } from './deliver-file.ts'
import { closeReports } from './closing/close-reports.ts'
import { fileThatWasFixed, readFixedFile, type FixedFile } from './closing/fixed-file.ts'
import { writeKeptRows, type KeptRows } from './closing/kept-rows.ts'
import { findFilesToSend } from './files-to-send.ts'
import { receiptPathOf, renameToNumber, type SentFile } from './files.ts'
import { findHeld, withoutSent, type FileToSend, type Pending } from './pending.ts'
import { continuationText, linesOf, questionOf } from './question.ts'
import { rulesPathOf } from './pinned-rules.ts'
import { alreadySentText, closedText, resultText, stoppedText, wrappedText } from './result-text.ts'
import { requireSameRules } from './same-rules.ts'
import type { SendState } from './state.ts'

export interface SendFlags extends GivenRulesFlags {
  readonly endpoint: string
  readonly apiKeyEnv: string
  readonly yes: boolean
  /** Send files that the safety check would hold. */
  readonly release: boolean
  readonly again: boolean
  readonly json: boolean
}

/** After a crash, the lease of the crashed run holds up the next run for three times as long. */
const CHECKPOINT_MS = 1_000

/** States of a file of which no line is left to fix. */
const CLEAN: ReadonlySet<Report['state']> = new Set(['complete', 'complete-after-fixing'])

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
  const rules = await readGivenRules(flags)
  const { names, notes } = await namedFiles(given)
  notes.forEach(warn)
  const { files, kept, hasUnfixed } = await findFilesToSend(names, { rules, isAgain: flags.again, warn })
  const { pending, sent } = await withoutSent(files, flags.again)
  for (const { file, state, rules: own } of pending) requireSameRules(file, state, own)
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
      new Map(sendable.map(({ file, rules: own }) => [file.path, own])),
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
    for (const rows of kept) await writeKeptRows(rows)
    const stopped = await sendAll(sendable, all, { target, limits, summary, flags }).catch((error: unknown) => {
      end(EXIT.unusable)
      throw error
    })
    if (stopped !== undefined) {
      await closeAll(files, kept, flags)
      return end(stopped)
    }
  } else for (const rows of kept) await writeKeptRows(rows)
  await closeAll(files, kept, flags)
  const isClean = !hasUnfixed && all.held.length === 0 && all.reports.every(({ state }) => CLEAN.has(state))
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
    for (const [index, { file, state, rules }] of pending.entries()) {
      all.left = pending.slice(index).map((each) => each.file.name)
      const sent = await sendOne(file, state, {
        apiKey: target.apiKey,
        endpoint,
        clock,
        limits: { ...limits, hold: HOLD_NOTHING }, // checked before, all files at once
        rules,
        fixed: await fixedFileOf(file),
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
    for (const earlier of [file.reportPath, file.rejectedPath, receiptPathOf(file), rulesPathOf(file.path)]) {
      const renamed = await renameToNumber(earlier)
      if (renamed !== undefined) warn(`${displayPath(earlier)} of an earlier send was renamed to ${displayPath(renamed)}.`)
    }
  }
  const sent = await deliverFile(file, state, options)
  if (sent.kind === 'ended') await state.remove()
  return sent
}

/** What is known about the lines of a file of fixed lines, unless the file was changed since they were extracted. */
async function fixedFileOf({ path, source }: SentFile): Promise<FixedFile | undefined> {
  const fixed = await readFixedFile(path)
  return fixed?.etag === source.etag ? fixed : undefined
}

/** Brings the reports up to date of files whose rejected lines were fixed or discarded. */
async function closeAll(files: readonly FileToSend[], kept: readonly KeptRows[], { json }: SendFlags): Promise<void> {
  const fixed = files.map(({ file }) => file.path).filter((path) => fileThatWasFixed(path) !== undefined)
  const closed = new Map<string, Report>()
  for (const path of new Set([...kept.map(({ send }) => send.path), ...fixed]))
    for (const each of await closeReports(path)) closed.set(each.path, each.report)
  for (const [path, report] of closed) if (!json) process.stdout.write(closedText(displayPath(path), report))
}

/** A message on stderr, so that it is not part of the output. */
function warn(message: string): void {
  process.stderr.write(wrappedText(printable(message)))
}

function printJson(reports: readonly Report[], { json }: SendFlags): void {
  if (json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`)
}
