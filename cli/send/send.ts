import { readNumberSetting, type Limits } from '../../lambda/settings.ts'
import { isFinished, type Report } from '../../lambda/report/report.ts'
import { confirm } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { Interruption } from '../terminal/interruption.ts'
import { readTarget, type Target } from '../local/options.ts'
import { survey } from '../preview/preview.ts'
import type { PreviewSummary } from '../preview/summary.ts'
import { displayPath } from '../terminal/display-path.ts'
import { counted, grouped, printable } from '../terminal/output.ts'
import { deliverFile, type SendResult } from './deliver-file.ts'
import { findFile, isLeftBySend, keepUnderNumber, type SentFile } from './files.ts'
import { editedLines } from './edited-rows.ts'
import { confirmationText } from './confirmation.ts'
import { readReport } from './report-file.ts'
import { SendState } from './state.ts'
import { alreadySentText, resultText, wrappedText, stoppedText } from './result-text.ts'

export interface SendFlags {
  readonly endpoint: string
  readonly apiKeyEnv: string
  readonly yes: boolean
  readonly again: boolean
  readonly json: boolean
}

/** Who starts again after a crash waits for three times as long. */
const CHECKPOINT_MS = 1_000

/** A file, and how far an earlier send of it came. */
interface Pending {
  readonly file: SentFile
  readonly state: SendState
}

/**
 * Sends files from this computer, once and without AWS: looked at first, asked about, and then delivered like a drop. What comes back, and
 * the report, lie beside each file; an interrupted send goes on with the same command.
 *
 * @throws SetupError where a person has to mend something
 */
export async function send(names: readonly string[], flags: SendFlags): Promise<ExitCode> {
  const target = readTarget(flags.endpoint, flags.apiKeyEnv, 'sending', process.env)
  const limits = readLimits()
  const { files, isAnyUnedited } = await findFiles(names)
  const { pending, reports } = await partition(files, flags.again)
  const verdict = (): ExitCode => ended(reports, isAnyUnedited, flags)
  if (pending.length === 0) return verdict()
  const summary = await survey(pending.map(({ file }) => file.path))
  process.stderr.write(
    confirmationText(
      summary,
      pending.map(({ file }) => file.name),
      process.stderr,
    ),
  )
  for (const { file, state } of pending) process.stderr.write(resumedText(file, state))
  if (summary.lines.valid > 0 && !(await confirm(questionOf(summary, target), flags))) return EXIT.ok
  using interruption = new Interruption()
  for (const one of pending) {
    const sent = await sendOne(one, { target, limits, summary, signal: interruption.signal })
    if (sent.kind !== 'ended') {
      process.stderr.write(stoppedText(one.file, sent))
      printJson(reports, flags)
      return sent.kind === 'interrupted' ? EXIT.interrupted : EXIT.someLinesLeft
    }
    reports.push(sent.report)
    if (!flags.json) process.stdout.write(resultText(one.file, sent.report, process.stdout))
  }
  return verdict()
}

function readLimits(): Limits {
  const { env } = process
  return {
    maxInFlight: readNumberSetting('KM_MAX_IN_FLIGHT', env),
    maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', env),
    maxLinesPerSecond: readNumberSetting('KM_MAX_LINES_PER_SECOND', env),
    segmentBytes: Number.MAX_SAFE_INTEGER, // nobody is there to import segments side by side
    checkpointMs: CHECKPOINT_MS,
    deadlineMarginMs: 0,
  }
}

/** Each file once; of a file of rows that were mended, the lines. */
async function findFiles(names: readonly string[]): Promise<{ files: readonly SentFile[]; isAnyUnedited: boolean }> {
  const files = new Map<string, SentFile>()
  let isAnyUnedited = false
  for (const name of names) {
    const found = await findFile(name)
    if (names.length > 1 && isLeftBySend(found.path)) {
      if (found.path.endsWith('.jsonl'))
        process.stderr.write(
          `${found.name} is passed over: lines that came back. To send what you have mended in it, name it alone.\n`,
        )
      continue
    }
    const edited = await editedLines(name)
    if (edited === 'none') {
      process.stderr.write(
        wrappedText(`${found.name} holds lines that came back, and none of them can be sent yet. Mend them first.`),
      )
      isAnyUnedited = true
      continue
    }
    if (edited !== undefined) {
      const rest = edited.wholes === 0 ? '' : ` ${grouped(edited.wholes)} of its rows are about no line and stay there.`
      process.stderr.write(wrappedText(`The lines of ${found.name} are sent as ${edited.name}.${rest}`))
    }
    const file = edited === undefined ? found : await findFile(edited.name)
    files.set(file.path, file)
  }
  return { files: [...files.values()], isAnyUnedited }
}

/** What is to be sent, and the reports of what was sent before and has not changed since. */
async function partition(files: readonly SentFile[], isAgain: boolean): Promise<{ pending: Pending[]; reports: Report[] }> {
  const pending: Pending[] = []
  const reports: Report[] = []
  for (const file of files) {
    const state = await SendState.read(file, new Date())
    const report = await readReport(file)
    const isDone = report !== undefined && isFinished(report)
    if (isDone && !isAgain) {
      await state.remove() // a run that died at its very end left it
      process.stderr.write(alreadySentText(file, report))
      reports.push(report)
    } else {
      if (isDone) await state.remove()
      pending.push({ file, state: isDone ? await SendState.read(file, new Date()) : state })
    }
  }
  return { pending, reports }
}

function resumedText({ name }: SentFile, { checkpoint, reached, isOfChangedFile }: SendState): string {
  if (isOfChangedFile) return wrappedText(`${name} has changed since its send was interrupted. It is sent from its start.`)
  return checkpoint === undefined
    ? ''
    : `${name} goes on after line ${grouped(reached)}: an earlier send was interrupted there.\n`
}

function questionOf({ lines }: PreviewSummary, { endpoint }: Target): string {
  return `Send ${counted(lines.valid, 'line')} to ${endpoint.host}? What is sent cannot be taken back.`
}

interface Sending {
  readonly target: Target
  readonly limits: Limits
  readonly summary: PreviewSummary
  readonly signal: AbortSignal
}

async function sendOne({ file, state }: Pending, { target, limits, summary, signal }: Sending): Promise<SendResult> {
  if (state.checkpoint === undefined) {
    for (const kept of [file.reportPath, file.rejectedPath]) {
      const moved = await keepUnderNumber(kept)
      if (moved !== undefined) process.stderr.write(wrappedText(`What an earlier send left is kept as ${displayPath(moved)}`))
    }
  }
  const lines = summary.files.find(({ name }) => name === printable(file.path))?.lines ?? 0
  const sent = await deliverFile(file, state, {
    target,
    limits,
    lines,
    output: process.stderr,
    signal,
    isAttended: process.stderr.isTTY && process.stdin.isTTY,
  })
  if (sent.kind === 'ended') await state.remove()
  return sent
}

function ended(reports: readonly Report[], isAnyUnedited: boolean, flags: SendFlags): ExitCode {
  printJson(reports, flags)
  return !isAnyUnedited && reports.every(({ state }) => state === 'complete') ? EXIT.ok : EXIT.someLinesLeft
}

function printJson(reports: readonly Report[], { json }: SendFlags): void {
  if (json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`)
}
