import { readMessage, UnknownMessageError } from '../../lambda/intake/message.ts'
import { DEAD_LETTER_SCHEMA, type DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { REASONS, type ReasonCode } from '../../lambda/reasons.ts'

/** What a message in the dead-letter queue contains. */
export type Content =
  /** A rejected line. */
  | { readonly kind: 'line'; readonly deadLetter: DeadLetter }
  /** A rejected file. */
  | { readonly kind: 'file'; readonly deadLetter: DeadLetter }
  /** Many lines of a file that were rejected for the same reason. */
  | { readonly kind: 'group'; readonly deadLetter: DeadLetter }
  /** A message of the import queue that failed at every delivery, so SQS moved it. */
  | { readonly kind: 'failed-import'; readonly key: string }
  /** A newer version of the importer has written it, and only that version, or a later one, can read it. */
  | { readonly kind: 'newer' }
  /** A message that the importer does not understand. */
  | { readonly kind: 'unknown' }

/** Reasons of messages that SQS moved to the dead-letter queue; lines and files have the reasons of REASONS. */
export const MESSAGE_REASONS = {
  import_unfinished: {
    means: 'The import stopped at every attempt: because of an error of S3 or SQS, or a bug in the importer',
    fix: 'Read the log of the importer. When the cause is gone, run: npx km-import rejects replay --all-valid',
  },
  newer_version: {
    means: 'It was written by a newer version of the importer, which this version cannot read',
    fix: 'Use that version of km-import, or a later one. Until then it stays where it is',
  },
  unknown_message: {
    means: 'The message is not from this importer',
    fix: 'Find out who sends to the import queue. To archive the message, run: npx km-import rejects archive --reason unknown_message',
  },
} as const

export type DeadLetterReason = ReasonCode | keyof typeof MESSAGE_REASONS

/** What is wrong and what to do, for people who use commands. @param deploymentOptions options that choose the deployment */
export function reasonText(reason: DeadLetterReason, deploymentOptions = ''): string {
  const { means, fix } = { ...REASONS, ...MESSAGE_REASONS }[reason]
  // A command of MESSAGE_REASONS is the end of its text.
  const options = reason in MESSAGE_REASONS && fix.includes('npx km-import ') ? deploymentOptions : ''
  return `${means}. ${fix}${options}`
}

export function contentOf(body: string): Content {
  try {
    const [first] = readMessage(body)
    if (first?.kind === 'newer') return { kind: 'newer' }
    if (first?.kind === 'dead-letter') return { kind: kindOf(first.deadLetter), deadLetter: first.deadLetter }
    const value = JSON.parse(body) as { readonly schema?: unknown }
    // `readMessage` has checked that it is a dead letter.
    if (value.schema === DEAD_LETTER_SCHEMA) return { kind: 'file', deadLetter: value as DeadLetter }
    return { kind: 'failed-import', key: first?.kind === 'task' || first?.kind === 'answer' ? (first.task.file?.key ?? '') : '' }
  } catch (error) {
    if (error instanceof UnknownMessageError) return { kind: 'unknown' }
    throw error
  }
}

function kindOf({ kind }: DeadLetter): 'line' | 'group' {
  return kind === 'group' ? 'group' : 'line'
}

export function reasonOf(content: Content): DeadLetterReason {
  return 'deadLetter' in content ? content.deadLetter.reason : messageReasonOf(content)
}

/** The reason of a message that is neither a line nor a file. */
export function messageReasonOf({ kind }: Exclude<Content, { deadLetter: DeadLetter }>): keyof typeof MESSAGE_REASONS {
  return REASON_OF_KIND[kind]
}

const REASON_OF_KIND = { 'failed-import': 'import_unfinished', newer: 'newer_version', unknown: 'unknown_message' } as const

/** Key of the file that it belongs to; empty if it belongs to no file. */
export function keyOf(content: Content): string {
  if ('deadLetter' in content) return content.deadLetter.source.key
  return content.kind === 'failed-import' ? content.key : ''
}

/** The keys of the files that it belongs to: a line of a replay also belongs to the file that it was in first. */
export function keysOf(content: Content): readonly string[] {
  const origin = 'deadLetter' in content ? content.deadLetter.origin : undefined
  return origin === undefined ? [keyOf(content)] : [keyOf(content), origin.key]
}

/** How many lines it is about, if they share it. */
export function groupedLinesOf(content: Content): number {
  return content.kind === 'group' ? (content.deadLetter.group?.lines ?? 0) : 0
}

/** The line number; undefined unless it is a line. */
export function lineNumberOf(content: Content): number | undefined {
  return content.kind === 'line' ? content.deadLetter.source.line : undefined
}
