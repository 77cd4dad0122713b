import { fitted } from '../terminal/layout.ts'
import { counted, grouped, printable, shellWord } from '../terminal/output.ts'
import type { Rejection } from '../../lambda/reasons.ts'
import type { GroupReplayResult } from './replay-groups.ts'
import type { ReplayResult } from './replay-lines.ts'
import type { Row } from './row.ts'

/** Rows of a pulled file, validated. */
export interface ValidatedRows {
  readonly valid: readonly { readonly id: string; readonly line: string }[]
  readonly rejected: readonly { readonly row: Row; readonly rejection: Rejection }[]
  /** Valid lines that are not sent yet, because another line with the same id is rejected. */
  readonly waiting: number
  /** Rows that are about a whole file, and have no line to send. */
  readonly files: number
  /** Rows that are about many lines of a file. */
  readonly groups: number
}

const MAX_SHOWN = 20

/** What a replay of the file would send, before the user confirms. @param options options that choose the deployment, for commands in hints */
export function validationText(
  file: string,
  { valid, rejected, waiting, files, groups }: ValidatedRows,
  options: string,
): string {
  const rows = [
    `${printable(file)}: ${counted(valid.length, 'line')} can be sent, ${grouped(rejected.length)} would be rejected again.`,
  ]
  for (const { row, rejection } of rejected.slice(0, MAX_SHOWN))
    rows.push(`  ${fitted(`line ${row.number}: ${rejection.reason}: ${rejection.detail}`, 78)}`)
  if (rejected.length > MAX_SHOWN) rows.push(`  and ${grouped(rejected.length - MAX_SHOWN)} more`)
  if (waiting > 0)
    rows.push(
      `  ${counted(waiting, 'valid line')} ${waiting === 1 ? 'waits' : 'wait'} for another line with the same "id" that would be rejected`,
    )
  if (files > 0) rows.push(`  ${counted(files, 'row')} about a whole file: fix that file and import it again`)
  if (groups > 0) rows.push(`  ${groupsText(groups, options)}`)
  if (valid.length === 0) rows.push(nothingSentText(file, rejected.length, options))
  return `${rows.join('\n')}\n`
}

function nothingSentText(file: string, rejected: number, options: string): string {
  if (rejected === 0) return 'Nothing was sent.'
  return `Nothing was sent. Fix "line" in these rows. Then run: npx km-import rejects replay ${shellWord(printable(file))}${options}`
}

function groupsText(groups: number, options: string): string {
  return `${counted(groups, 'row')} about many lines that pull could not read, because their file is not there any more: find the lines at the source, and import them as a new file. Then close them here: npx km-import rejects discard --reason REASON --key FILE${options}`
}

/** What a replay did, and what to do next. @param deploymentOptions options that choose the deployment, for commands in hints */
export function resultText({ key, lines, uploadedBefore, missing }: ReplayResult, deploymentOptions: string): string {
  const rows: string[] = []
  if (key !== undefined) rows.push(`${counted(lines, 'line')} uploaded as ${key}`)
  if (uploadedBefore > 0)
    rows.push(
      `${counted(uploadedBefore, 'line')} had been uploaded by an earlier run of this replay. Only ${uploadedBefore === 1 ? 'its dead letter was' : 'their dead letters were'} removed now.`,
    )
  if (missing > 0)
    rows.push(
      `${counted(missing, 'line')} not sent, because ${missing === 1 ? 'its dead letter was not found. It was replayed before, or another command is reading it' : 'their dead letters were not found. They were replayed before, or another command is reading them'}: try again in 5 minutes.`,
    )
  if (key !== undefined) rows.push('Watch the import:', `  npx km-import status ${key}${deploymentOptions}`)
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`
}

/** The same for lines that share a dead letter. */
export function groupResultText({ keys, lines, missing, removed }: GroupReplayResult, deploymentOptions: string): string {
  const rows = keys.length === 0 ? [] : [`${counted(lines, 'line')} uploaded as ${keys.join(', ')}`]
  if (missing > 0)
    rows.push(
      `${counted(missing, 'line')} not sent: a replay has sent ${missing === 1 ? 'it' : 'them'} before, or the dead letter that ${missing === 1 ? 'it shares' : 'they share'} with others was not found. To see which lines are left, pull again; if another command is reading them, in 5 minutes.`,
    )
  if (removed > 0) rows.push('All lines that shared a dead letter are sent, so it was removed.')
  else if (keys.length > 0) rows.push('The dead letter stays for the lines that were not sent yet. To see them, pull again.')
  for (const key of keys) rows.push(`Watch the import: npx km-import status ${key}${deploymentOptions}`)
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`
}

/** The question before anything is sent. */
export function sendQuestion(what: string): string {
  return `Send ${what} to Kissmetrics? Imported data cannot be deleted.`
}
