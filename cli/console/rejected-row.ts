import type { Deployment } from '../deployment/deployment.ts'
import type { StoredDeadLetter } from '../rejects/stored-dead-letter.ts'
import { withFileName } from '../files/file-in-hint.ts'
import { countSentLines, type GroupLetter } from '../rejects/sent-lines.ts'
import { groupedLinesOf, keyOf, messageReasonOf, reasonOf, reasonText, type Content } from '../rejects/content.ts'
import type { RejectedRow } from './api-types.ts'
import { nameInCommands, type NamingDeployment } from './named-report.ts'

/** What a row says of the importer that the dead letter is from. */
export interface RowContext {
  /** How long the queue keeps a dead letter; undefined if none expires. */
  readonly retentionMs: number | undefined
  /** For the commands in a row. */
  readonly deployment: NamingDeployment & Pick<Deployment, 'deploymentOptions'>
}

/** A row, and what tells which lines of a group were sent. */
export interface StoredRow extends RejectedRow {
  readonly group?: GroupLetter
}

/** A dead letter as the page shows it; that of a group as it was written, with all of its lines. */
export function rejectedRow(
  { id, content, sentAt, status }: StoredDeadLetter,
  { retentionMs, deployment }: RowContext,
): StoredRow {
  const deadLetter = 'deadLetter' in content ? content.deadLetter : undefined
  const lineNumber = deadLetter?.source.line
  const line = lineOf(content)
  const rules = deadLetter?.rules ?? []
  const groupedLines = groupedLinesOf(content)
  return {
    id,
    kind: content.kind,
    reason: reasonOf(content),
    detail: detailOf(content, deployment),
    key: keyOf(content),
    ...(lineNumber !== undefined && { lineNumber }),
    ...(content.kind === 'group' && {
      groupedLines,
      group: { source: content.deadLetter.source, reason: content.deadLetter.reason },
    }),
    ...(line !== undefined && { line }),
    ...(rules.length > 0 && { rules }),
    hasInvalidBytes: deadLetter?.lineBase64 !== undefined,
    isTruncated: deadLetter?.lineTruncated === true,
    replays: deadLetter?.replays ?? 0,
    failedAt: deadLetter?.failedAt ?? sentAt.toISOString(),
    ...(status === 'queued' &&
      retentionMs !== undefined && { expiresAt: new Date(sentAt.getTime() + retentionMs).toISOString() }),
    status,
  }
}

/** A row as it is now: the lines of a group that a replay has sent are not counted. @throws the error of S3 */
export async function withOpenLines(
  { group, ...row }: StoredRow,
  deployment: Pick<Deployment, 's3' | 'bucket'>,
): Promise<RejectedRow> {
  if (group === undefined) return row
  return { ...row, groupedLines: (row.groupedLines ?? 0) - (await countSentLines(deployment, group)) }
}

function detailOf(content: Content, deployment: RowContext['deployment']): string {
  if (!('deadLetter' in content)) return reasonText(messageReasonOf(content), deployment.deploymentOptions)
  const { detail, source } = content.deadLetter
  return content.kind === 'file' ? withFileName(detail, nameInCommands(source, deployment)) : detail
}

function lineOf(content: Content): string | undefined {
  if (content.kind !== 'line') return undefined
  const { line, lineBase64 } = content.deadLetter
  return line ?? (lineBase64 === undefined ? undefined : Buffer.from(lineBase64, 'base64').toString('utf8'))
}
