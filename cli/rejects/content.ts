import { readMessage, UnknownMessageError } from '../../lambda/intake/message.ts'
import { DEAD_LETTER_SCHEMA, type DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { ReasonCode } from '../../lambda/reasons.ts'

/** What lies in the dead-letter queue, told by its text. */
export type Content =
  /** A line that came back. */
  | { readonly kind: 'line'; readonly deadLetter: DeadLetter }
  /** A whole file that came back. */
  | { readonly kind: 'file'; readonly deadLetter: DeadLetter }
  /** Work that failed at every delivery, as it was sent. */
  | { readonly kind: 'work'; readonly key: string }
  /** Nothing of ours. */
  | { readonly kind: 'stranger' }

/** Why something waits that the importer did not hand back itself; beside the reason codes of lines and drops. */
export const OTHER_REASONS = {
  import_unfinished: {
    means: 'An import failed at every delivery, as while the endpoint, the key or a permission was wrong',
    fix: 'Mend what the log says, then send it back: km-import rejects replay --all-valid.',
  },
  unknown_message: {
    means: 'Somebody else’s message',
    fix: 'Look at who sends to the import queue. It can be put away with km-import rejects archive.',
  },
} as const

export type WaitingReason = ReasonCode | keyof typeof OTHER_REASONS

export function contentOf(body: string): Content {
  try {
    const [first] = readMessage(body)
    if (first?.kind === 'dead-letter') return { kind: 'line', deadLetter: first.deadLetter }
    const value = JSON.parse(body) as { readonly schema?: unknown }
    // It was read as one above.
    if (value.schema === DEAD_LETTER_SCHEMA) return { kind: 'file', deadLetter: value as DeadLetter }
    return { kind: 'work', key: first?.kind === 'task' ? first.task.file.key : '' }
  } catch (error) {
    if (error instanceof UnknownMessageError) return { kind: 'stranger' }
    throw error
  }
}

/** Why it waits. */
export function reasonOf(content: Content): WaitingReason {
  if (content.kind === 'work') return 'import_unfinished'
  return content.kind === 'stranger' ? 'unknown_message' : content.deadLetter.reason
}

/** The drop that it is about; empty where it is about none. */
export function keyOf(content: Content): string {
  if (content.kind === 'stranger') return ''
  return content.kind === 'work' ? content.key : content.deadLetter.source.key
}

/** The number of the line; undefined where it is about no single one. */
export function lineNumberOf(content: Content): number | undefined {
  return content.kind === 'line' ? content.deadLetter.source.line : undefined
}
