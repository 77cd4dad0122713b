import { csv } from '../terminal/csv.ts'
import { fitted, listed, padded, WIDTH, wrapped } from '../terminal/layout.ts'
import { counted, grouped, styled, type Output } from '../terminal/output.ts'
import { reasonText } from './content.ts'
import { unseenText, type Unseen } from './in-use.ts'
import type { Group, Summary } from './summary.ts'

/** The groups as a table, on 80 columns. @param deploymentOptions options that choose the deployment, for commands in hints */
export function listText(groups: readonly Group[], deploymentOptions: string, output: Output): string {
  const rows: string[] = []
  for (const reason of new Set(groups.map((group) => group.reason))) {
    const ofReason = groups.filter((group) => group.reason === reason)
    const count = ofReason.reduce((sum, group) => sum + group.count, 0)
    rows.push(
      `${styled(output, 'bold', padded(reason, 28))}${grouped(count).padStart(7)}`,
      ...wrapped(reasonText(reason, deploymentOptions)),
    )
    for (const group of ofReason) rows.push(...groupRows(group))
    rows.push('')
  }
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`
}

const MAX_LINES_WIDTH = 40

function groupRows({ key, day, count, lines, archived, quarantined, grouped: open, sent, example }: Group): readonly string[] {
  const notes = [
    ...(open + sent > 0 ? [sharedText(open, sent)] : []),
    ...(quarantined > 0 ? [`${grouped(quarantined)} quarantined`] : []),
    ...(archived > 0 ? [`${grouped(archived)} archived`] : []),
    ...(lines.length === 0
      ? []
      : [`${lines.length === 1 ? 'line' : 'lines'} ${listed(lines.map(String), MAX_LINES_WIDTH, lines.length === count)}`]),
  ].join('; ')
  return [
    `    ${fitted(key === '' ? '(no file)' : key, WIDTH - 4)}`,
    `      ${day}  ${grouped(count).padStart(9)}  ${notes}`.trimEnd(),
    ...(example === undefined ? [] : [`      ${fitted(example, WIDTH - 6)}`]),
  ]
}

/** Lines that share a dead letter. @param sent those of them that a replay has sent */
function sharedText(open: number, sent: number): string {
  if (open === 0) return `all ${counted(sent, 'line')} in one dead letter were sent`
  const more = sent === 0 ? '' : `, ${counted(sent, 'more was sent', 'more were sent')}`
  return `${counted(open, 'line')} in one dead letter${more}`
}

export function listCsv(groups: readonly Group[]): string {
  return csv(
    [
      ...['reason', 'file', 'day', 'dead letters', 'archived', 'quarantined', 'oldest', 'lines', 'example'],
      'lines in one dead letter',
    ],
    groups.map(({ reason, key, day, count, archived, quarantined, grouped: sharing, oldest, lines, example = '' }) => [
      ...[reason, key, day, count, archived, quarantined, oldest, lines.join(' '), example, sharing],
    ]),
  )
}

export interface ListContext extends Unseen {
  /** How long the dead-letter queue keeps a message; undefined if none expires. */
  readonly retentionMs: number | undefined
  /** Options that choose the deployment, for commands in hints: ` --stack NAME` or nothing. */
  readonly deploymentOptions: string
  /** Options that chose these dead letters: ` --key NAME` or nothing. */
  readonly filterOptions: string
  /** Whether none of them is in the queue. */
  readonly isAllArchived?: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** How many there are, when they expire, and what to do next. */
export function totalText(
  { total, expiringSoon, oldestQueued }: Pick<Summary, 'total' | 'expiringSoon' | 'oldestQueued'>,
  { retentionMs, deploymentOptions, filterOptions, isAllArchived = false, now, ...unseen }: ListContext,
  output: Output,
): string {
  const more = unseenText(unseen)
  if (total === 0) return more === undefined ? 'No dead letters.\n' : `No dead letters can be read now. ${more}\n`
  const expiry =
    oldestQueued === undefined || retentionMs === undefined
      ? ''
      : ` The oldest in the queue expires in ${durationText(oldestQueued.getTime() + retentionMs - now)}.`
  const rows = [`${counted(total, 'dead letter')}.${expiry}`]
  if (expiringSoon > 0)
    rows.push(
      `${styled(output, 'yellow', 'warning:')} ${grouped(expiringSoon)} of them ${expiringSoon === 1 ? 'expires' : 'expire'} within 4 days. To keep them, run: npx km-import rejects archive${deploymentOptions}`,
    )
  if (more !== undefined) rows.push(more)
  rows.push(
    `Next: npx km-import rejects pull${filterOptions}${isAllArchived ? ' --archived' : ''} -o rejects.jsonl${deploymentOptions}`,
  )
  return `${rows.join('\n')}\n`
}

function durationText(ms: number): string {
  const hours = Math.max(0, Math.floor(ms / 3_600_000))
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours >= 1 ? counted(hours, 'hour') : counted(Math.max(0, Math.floor(ms / 60_000)), 'minute')
}
