import { REASONS } from '../../../lambda/reasons.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'
import type { DeadLetterReason } from '../../rejects/content.ts'
import { counted, durationText } from './format.ts'

/** Each tone has its own colour and its own shape. */
export type Tone = 'running' | 'good' | 'warning' | 'error' | 'neutral'

export const STATE_TONES: Readonly<Record<ReportState, Tone>> = {
  importing: 'running',
  complete: 'good',
  'complete-with-rejects': 'warning',
  'complete-after-fixing': 'good',
  held: 'warning',
  failed: 'error',
  superseded: 'neutral',
  gone: 'neutral',
  skipped: 'neutral',
  discarded: 'neutral',
  cancelled: 'neutral',
}

/** The state of an import in the same words as in the terminal (cli/status/report-table.ts): "done, 470 lines rejected". */
export function stateText(report: Pick<Report, 'state' | 'lines' | 'rejects' | 'paused'>): string {
  const { state, lines, paused } = report
  const { rejected, undeliverable } = lines
  switch (state) {
    case 'importing':
      return paused === undefined ? 'importing' : 'paused'
    case 'complete':
      return 'done'
    case 'complete-with-rejects': {
      const open = openLines(report)
      if (open < rejected + undeliverable) return `done, ${counted(open, 'line')} still open`
      const parts = [
        ...(rejected > 0 ? [`${counted(rejected, 'line')} rejected`] : []),
        ...(undeliverable > 0 ? [`${counted(undeliverable, 'line')} undeliverable`] : []),
      ]
      return `done, ${parts.join(', ')}`
    }
    case 'failed':
      return 'rejected'
    case 'superseded':
      return 'replaced before it was fully read'
    case 'gone':
      return 'deleted before it was fully read'
    case 'skipped':
      return 'skipped'
    case 'complete-after-fixing':
      return 'done after fixing'
    case 'held':
      return 'held, nothing was sent'
    case 'discarded':
      return 'discarded, nothing was sent'
    case 'cancelled':
      return 'cancelled'
  }
}

/** How many lines of a file are neither delivered nor discarded. An older version wrote no `rejects`. */
export function openLines({ rejects, lines }: Pick<Report, 'lines' | 'rejects'>): number {
  return rejects?.open ?? lines.rejected + lines.undeliverable
}

/** The same as STALE_MS in lambda/report/report.ts. */
export const STALE_MS = 30 * 60_000

/** Says for how long an import that is not done has had no news, if that is long. */
export function staleText({ updatedAt }: Pick<Report, 'updatedAt'>, now: number): string {
  const silentMs = updatedAt === undefined ? 0 : now - Date.parse(updatedAt)
  return silentMs < STALE_MS ? '' : `, no news for ${durationText(silentMs)}`
}

interface ReasonLabel {
  readonly means: string
  readonly fix: string
}

/** Reasons of messages that are neither lines nor files, in words for a page with buttons instead of commands. */
const MESSAGE_REASONS: Readonly<Record<Exclude<DeadLetterReason, keyof typeof REASONS>, ReasonLabel>> = {
  import_unfinished: {
    means: 'The import stopped at every attempt: because of an error of S3 or SQS, or a bug in the importer',
    fix: 'Ask the person who runs the importer to read its log. When the cause is gone, choose “Retry”. Lines that were already sent count once.',
  },
  newer_version: {
    means: 'It was written by a newer version of the importer, which this version cannot read',
    fix: 'Ask the person who runs the importer to use that version again. Until then it stays where it is.',
  },
  unknown_message: {
    means: 'The message is not from this importer',
    fix: 'Find out who sends to the import queue. You can archive the message.',
  },
}

export function isReason(text: string): text is DeadLetterReason {
  return Object.hasOwn(REASONS, text) || Object.hasOwn(MESSAGE_REASONS, text)
}

/** What is wrong. */
export function meansOf(reason: DeadLetterReason): string {
  return labelOf(reason).means
}

/** What the user can do about it. */
export function fixTextOf(reason: DeadLetterReason): string {
  return labelOf(reason).fix
}

/** A report or dead letter of a newer importer may have a reason that this page does not know: then the code is the label. */
function labelOf(reason: DeadLetterReason): ReasonLabel {
  const labels: Readonly<Record<DeadLetterReason, ReasonLabel>> = { ...REASONS, ...MESSAGE_REASONS }
  return Object.hasOwn(labels, reason) ? labels[reason] : { means: reason, fix: '' }
}
