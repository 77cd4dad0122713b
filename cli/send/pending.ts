import { clock } from '../../lambda/adapters/clock.ts'
import { isFinished, type Report } from '../../lambda/report/report.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Limits } from '../../lambda/settings/settings.ts'
import { checkSafety, type HeldFile } from './check-safety.ts'
import type { SentFile } from './files.ts'
import { readReport } from './report-file.ts'
import { SendState } from './state.ts'

/** A file to send, and where an earlier send of the file has ended. */
export interface Pending extends FileToSend {
  readonly state: SendState
}

export interface FileToSend {
  readonly file: SentFile
  /** The import rules for the file. */
  readonly rules: readonly Rule[]
}

export interface SentBefore extends FileToSend {
  readonly report: Report
}

/** The files to send, and those that were already sent and have not changed. */
export async function withoutSent(
  files: readonly FileToSend[],
  isAgain: boolean,
): Promise<{ readonly pending: readonly Pending[]; readonly sent: readonly SentBefore[] }> {
  const pending: Pending[] = []
  const sent: SentBefore[] = []
  for (const each of files) {
    const { file } = each
    const state = await SendState.read(file, new Date())
    const report = await readReport(file)
    const isSent = report !== undefined && isFinished(report)
    if (isSent) await state.remove() // left by a run that was killed after its last line
    if (isSent && !isAgain) sent.push({ ...each, report })
    else pending.push({ ...each, state: isSent ? await SendState.read(file, new Date()) : state })
  }
  return { pending, sent }
}

/** The files that the importer would hold. One whose send has begun is not checked again. */
export async function findHeld(pending: readonly Pending[], limits: Limits): Promise<readonly HeldFile[]> {
  const held: HeldFile[] = []
  for (const { file, state, rules } of pending) {
    const found = state.checkpoint === undefined ? await checkSafety(file, rules, limits, clock) : undefined
    if (found !== undefined) held.push(found)
  }
  return held
}
