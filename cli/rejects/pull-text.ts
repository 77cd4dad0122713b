import { counted, shellWord, printable } from '../terminal/output.ts'
import { groupsText } from './groups-text.ts'
import { unseenText, type Unseen } from './in-use.ts'
import type { GroupCounts } from './pulled-groups.ts'

/** What `rejects pull` found. */
export interface PullCounts extends Unseen {
  /** Rows that were written: dead letters in the queue, and dead letters in the bucket. */
  readonly queued: number
  readonly archived: number
  /** Messages that are not about a line or a rejected file, so they have no row. */
  readonly failedImports: number
  readonly newer: number
  readonly unknown: number
  /** Dead letters that were left out, because a person archived them, or they are quarantined. */
  readonly leftOut: number
  /** Of the dead letters that were written, those that many lines share. */
  readonly groups: GroupCounts
}

export interface PullContext {
  /** Undefined: stdout. */
  readonly output: string | undefined
  readonly isCsv: boolean
  /** Options that choose the deployment, for commands in hints. */
  readonly deploymentOptions: string
}

/** What was written, what was not, and what to do next. */
export function pullText(counts: PullCounts, { output, isCsv, deploymentOptions: options }: PullContext): string {
  const { failedImports, newer, unknown } = counts
  const rows = counts.queued + counts.archived
  const more = unseenText(counts)
  const sentences = [
    `${counted(rows, 'dead letter')} written.${rows === 0 ? '' : ` ${stayText(counts)}`}`,
    ...groupsText(counts.groups, options),
    ...(failedImports === 0
      ? []
      : [
          `${counted(failedImports, 'more message')} ${failedImports === 1 ? 'is a failed import, not a line' : 'are failed imports, not lines'}. To try again, run: npx km-import rejects replay --all-valid${options}`,
        ]),
    ...(newer === 0 ? [] : [newerText(newer)]),
    ...(unknown === 0
      ? []
      : [
          `${counted(unknown, 'more message')} ${unknown === 1 ? 'is' : 'are'} not from this importer. To move ${unknown === 1 ? 'it' : 'them'} to the bucket, run: npx km-import rejects archive --reason unknown_message${options}`,
        ]),
    ...(counts.leftOut === 0 ? [] : [leftOutText(counts.leftOut)]),
    ...(more === undefined ? [] : [`${more} ${counts.inUse > 0 ? 'Pull again then.' : 'Replay these, then pull again.'}`]),
    ...(rows > 0 && !isCsv && output !== undefined
      ? [
          `Fix "line" in each row and delete rows that you do not want to send. Then run: npx km-import rejects replay ${shellWord(printable(output))}${options}`,
        ]
      : []),
  ]
  return `${sentences.join('\n')}\n`
}

export function newerText(count: number): string {
  return `${counted(count, 'more dead letter')} ${count === 1 ? 'was' : 'were'} written by a newer version of the importer. Use that version of km-import, or a later one, to read ${count === 1 ? 'it' : 'them'}.`
}

export function leftOutText(count: number): string {
  return `${counted(count, 'more dead letter')} ${count === 1 ? 'is' : 'are'} archived or quarantined. To include ${count === 1 ? 'it' : 'them'}, add --archived.`
}

function stayText({ queued, archived }: PullCounts): string {
  const where = archived === 0 ? 'in the queue' : queued === 0 ? 'archived' : 'where they are, in the queue or archived,'
  return queued + archived === 1 ? `It stays ${where} until you replay it.` : `They stay ${where} until you replay them.`
}
