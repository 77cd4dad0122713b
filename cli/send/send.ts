import { clock } from '../../lambda/adapters/clock.ts'
import { kissmetricsEndpoint } from '../../lambda/adapters/endpoint.ts'
import { isFinished, type Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { HOLD_NOTHING, readHoldSettings, readNumberSetting, type Limits } from '../../lambda/settings.ts'
import { readTarget, type Target } from '../local/options.ts'
import { survey } from '../preview/preview.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { readGivenRules, type GivenRulesFlags } from '../rules/given-rules.ts'
import { confirm } from '../terminal/confirm.ts'
import { displayPath } from '../terminal/display-path.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import { checkSafety, heldText, type HeldFile } from './check-safety.ts'
import { confirmationText } from './confirmation.ts'
import { deliverFile, type SendOptions, type SendResult } from './deliver-file.ts'
import { extractLines } from './edited-rows.ts'
import { findFile, isWrittenBySend, renameToNumber, type SentFile } from './files.ts'
import { readReport } from './report-file.ts'
import { alreadySentText, resultText, stoppedText, wrappedText } from './result-text.ts'
import { requireSameRules } from './same-rules.ts'
import { SendState } from './state.ts'

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

/** A file to send, and where an earlier send of the file has ended. */
interface Pending {
  readonly file: SentFile
  readonly state: SendState
}

/**
 * Sends files from this computer, once and without AWS. The user sees a preview first, and confirms. Report and rejected lines are
 * kept beside each file; the same command continues an interrupted send.
 *
 * @throws SetupError if the user has to fix something first
 */
export async function send(names: readonly string[], flags: SendFlags): Promise<ExitCode> {
  const target = readTarget(flags.endpoint, flags.apiKeyEnv, 'sending', process.env)
  const limits = readLimits()
  const rules = await readGivenRules(flags)
  const { files, hasUnfixed } = await findFiles(names, rules)
  const { pending, reports } = await withoutSent(files, flags.again)
  for (const { file, state } of pending) requireSameRules(file, state, rules)
  if (pending.length > 0) {
    const summary = await survey(
      pending.map(({ file }) => file.path),
      rules,
    )
    showPreview(pending, summary)
    const held = flags.release ? [] : await findHeld(pending, rules, limits)
    process.stderr.write(held.length === 0 ? '' : heldText(held, process.stderr))
    if (held.length > 0 && flags.yes) {
      warn('Nothing was sent. If all of this is right, the same command with --release sends it.')
      printJson(reports, flags)
      return EXIT.someLinesLeft
    }
    if (summary.lines.valid > 0 && !(await confirm(questionOf(summary, target, held.length > 0), flags))) return EXIT.ok
    const stopped = await sendAll(pending, reports, { target, limits, rules, summary, flags })
    if (stopped !== undefined) return stopped
  }
  printJson(reports, flags)
  return !hasUnfixed && reports.every(({ state }) => state === 'complete') ? EXIT.ok : EXIT.someLinesLeft
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
  rules: readonly Rule[],
): Promise<{ files: readonly SentFile[]; hasUnfixed: boolean }> {
  const files = new Map<string, SentFile>()
  let hasUnfixed = false
  for (const name of names) {
    const found = await findFile(name)
    if (names.length > 1 && isWrittenBySend(found.path)) {
      if (found.path.endsWith('.jsonl'))
        warn(`${found.name} has rejected lines and is skipped. To send the lines that you have fixed, send it alone.`)
      continue
    }
    const edited = await extractLines(name, rules)
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

/** The files to send, and the reports of those that were already sent and have not changed. */
async function withoutSent(files: readonly SentFile[], isAgain: boolean): Promise<{ pending: Pending[]; reports: Report[] }> {
  const pending: Pending[] = []
  const reports: Report[] = []
  for (const file of files) {
    const state = await SendState.read(file, new Date())
    const report = await readReport(file)
    const isSent = report !== undefined && isFinished(report)
    if (isSent) await state.remove() // left by a run that was killed after its last line
    if (isSent && !isAgain) {
      process.stderr.write(alreadySentText(file, report))
      reports.push(report)
    } else pending.push({ file, state: isSent ? await SendState.read(file, new Date()) : state })
  }
  return { pending, reports }
}

function showPreview(pending: readonly Pending[], summary: PreviewSummary): void {
  const names = pending.map(({ file }) => file.name)
  process.stderr.write(confirmationText(summary, names, process.stderr))
  for (const { file, state } of pending) {
    if (state.isOfChangedFile) warn(`${file.name} has changed since its send was interrupted. It is sent from the start.`)
    else if (state.checkpoint !== undefined)
      warn(`${file.name} continues after line ${grouped(state.watermarkLine)}, where an earlier send was interrupted.`)
  }
}

function questionOf({ lines }: PreviewSummary, { endpoint }: Target, isHeld: boolean): string {
  return `Send ${counted(lines.valid, 'line')} to ${endpoint.host}${isHeld ? ' anyway' : ''}? Imported data cannot be deleted.`
}

/** The files that the importer would hold. One whose send has begun is not checked again. */
async function findHeld(pending: readonly Pending[], rules: readonly Rule[], limits: Limits): Promise<readonly HeldFile[]> {
  const held: HeldFile[] = []
  for (const { file, state } of pending) {
    const found = state.checkpoint === undefined ? await checkSafety(file, rules, limits, clock) : undefined
    if (found !== undefined) held.push(found)
  }
  return held
}

interface Sending {
  readonly target: Target
  readonly limits: Limits
  readonly rules: readonly Rule[]
  readonly summary: PreviewSummary
  readonly flags: SendFlags
}

/** Sends the files one after the other, and adds their reports. @returns the exit code if it was stopped before the end */
async function sendAll(
  pending: readonly Pending[],
  reports: Report[],
  { target, limits, rules, summary, flags }: Sending,
): Promise<ExitCode | undefined> {
  using interruption = new Interruption()
  const endpoint = kissmetricsEndpoint(target.endpoint, limits.maxInFlight)
  try {
    for (const { file, state } of pending) {
      const sent = await sendOne(file, state, {
        apiKey: target.apiKey,
        endpoint,
        clock,
        limits: { ...limits, hold: HOLD_NOTHING }, // checked before, all files at once
        rules,
        lines: summary.files.find(({ name }) => name === printable(file.path))?.lines ?? 0,
        output: process.stderr,
        signal: interruption.signal,
        isAttended: process.stderr.isTTY && process.stdin.isTTY,
      })
      if (sent.kind !== 'ended') {
        process.stderr.write(stoppedText(file, sent))
        printJson(reports, flags)
        return sent.kind === 'interrupted' ? EXIT.interrupted : EXIT.someLinesLeft
      }
      reports.push(sent.report)
      if (!flags.json) process.stdout.write(resultText(file, sent.report, process.stdout))
    }
    return undefined
  } finally {
    await endpoint.close()
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
