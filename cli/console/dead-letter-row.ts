import type { Reject } from '../rejects/collect.ts'
import { keyOf, OTHER_REASONS, reasonOf, type Content } from '../rejects/content.ts'
import type { LetterRow } from './api-types.ts'

/** A dead letter as the page shows it. @param keptMs how long the queue keeps one */
export function letterRow({ id, content, sentAt, kept }: Reject, keptMs: number): LetterRow {
  const letter = 'letter' in content ? content.letter : undefined
  const lineNumber = letter?.source.line
  const line = lineOf(content)
  return {
    id,
    kind: content.kind,
    reason: reasonOf(content),
    detail: detailOf(content),
    key: keyOf(content),
    ...(lineNumber !== undefined && { lineNumber }),
    ...(line !== undefined && { line }),
    isPatched: letter?.lineBase64 !== undefined,
    isCut: letter?.lineTruncated === true,
    replays: letter?.replays ?? 0,
    failedAt: letter?.failedAt ?? sentAt.toISOString(),
    ...(kept === 'queue' && { forgottenAt: new Date(sentAt.getTime() + keptMs).toISOString() }),
    kept,
  }
}

function detailOf(content: Content): string {
  if ('letter' in content) return content.letter.detail
  const { means, mend } = OTHER_REASONS[content.kind === 'work' ? 'import_unfinished' : 'unknown_message']
  return `${means}. ${mend}`
}

function lineOf(content: Content): string | undefined {
  if (content.kind !== 'line') return undefined
  const { line, lineBase64 } = content.letter
  return line ?? (lineBase64 === undefined ? undefined : Buffer.from(lineBase64, 'base64').toString('utf8'))
}
