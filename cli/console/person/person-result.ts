import type { DeadLetterReason } from '../../rejects/content.ts'

/** How a line of a file ended, or why that is not known. */
export type LineState =
  | 'delivered'
  | 'rejected'
  | 'undeliverable'
  /** Rejected or undeliverable, then fixed and delivered. */
  | 'fixed'
  /** Rejected or undeliverable, and a person has discarded it. */
  | 'discarded'
  /** An import rule leaves it out. */
  | 'left-out'
  /** The import has not come to it. */
  | 'waiting'
  /** It was never sent: the file was held, discarded or rejected, or the import was cancelled before it. */
  | 'not-sent'
  /** It may have been sent: the import was interrupted before it could note that. */
  | 'unsure'

export interface PersonLine {
  readonly line: number
  readonly state: LineState
  /** Why it was rejected. */
  readonly reason?: DeadLetterReason
}

/** What is known about a person in one file. */
export interface PersonResult {
  /** `dead-letters`: the file is gone, so only the lines that wait to be fixed can be searched. */
  readonly source: 'file' | 'dead-letters'
  /** Lines that were searched. */
  readonly searched: number
  readonly counts: Partial<Readonly<Record<LineState, number>>>
  /** The first of them. */
  readonly lines: readonly PersonLine[]
  /** Why some lines could not be searched. */
  readonly missing?: string
}

/** What the server writes while it searches, one JSON text per line. */
export type PersonMessage =
  | { readonly kind: 'progress'; readonly searched: number }
  | { readonly kind: 'result'; readonly result: PersonResult }
  | { readonly kind: 'error'; readonly error: string }

const MAX_LINES = 100

/** Collects the lines about a person, in bounded memory. */
export class PersonLines {
  readonly #counts: Partial<Record<LineState, number>> = {}
  readonly #lines: PersonLine[] = []

  add(line: PersonLine): void {
    this.#counts[line.state] = (this.#counts[line.state] ?? 0) + 1
    if (this.#lines.length < MAX_LINES) this.#lines.push(line)
  }

  result(source: PersonResult['source'], searched: number, missing?: string): PersonResult {
    return { source, searched, counts: this.#counts, lines: this.#lines, ...(missing !== undefined && { missing }) }
  }
}
