import type { StoredDeadLetter } from '../rejects/stored-dead-letter.ts'
import { groupedLinesOf, keyOf, MESSAGE_REASONS, messageReasonOf, reasonOf, type Content } from '../rejects/content.ts'
import type { RejectedRow } from './api-types.ts'

/** A dead letter as the page shows it. @param retentionMs how long the queue keeps a dead letter; undefined if none expires */
export function rejectedRow({ id, content, sentAt, status }: StoredDeadLetter, retentionMs: number | undefined): RejectedRow {
  const deadLetter = 'deadLetter' in content ? content.deadLetter : undefined
  const lineNumber = deadLetter?.source.line
  const line = lineOf(content)
  const groupedLines = groupedLinesOf(content)
  return {
    id,
    kind: content.kind,
    reason: reasonOf(content),
    detail: detailOf(content),
    key: keyOf(content),
    ...(lineNumber !== undefined && { lineNumber }),
    ...(groupedLines > 0 && { groupedLines }),
    ...(line !== undefined && { line }),
    hasInvalidBytes: deadLetter?.lineBase64 !== undefined,
    isTruncated: deadLetter?.lineTruncated === true,
    replays: deadLetter?.replays ?? 0,
    failedAt: deadLetter?.failedAt ?? sentAt.toISOString(),
    ...(status === 'queued' &&
      retentionMs !== undefined && { expiresAt: new Date(sentAt.getTime() + retentionMs).toISOString() }),
    status,
  }
}

function detailOf(content: Content): string {
  if ('deadLetter' in content) return content.deadLetter.detail
  const { means, fix } = MESSAGE_REASONS[messageReasonOf(content)]
  return `${means}. ${fix}`
}

function lineOf(content: Content): string | undefined {
  if (content.kind !== 'line') return undefined
  const { line, lineBase64 } = content.deadLetter
  return line ?? (lineBase64 === undefined ? undefined : Buffer.from(lineBase64, 'base64').toString('utf8'))
}
