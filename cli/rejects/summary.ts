import type { Reject } from './collect.ts'
import { keyOf, lineNumberOf, reasonOf, type WaitingReason } from './content.ts'

/** Dead letters of one reason, one drop and one day. */
export interface Group {
  readonly reason: WaitingReason
  readonly key: string
  /** When they failed, UTC. */
  readonly day: string
  count: number
  /** Of those: what a person put away or the stack parked, and what failed at too many replays. */
  archived: number
  quarantined: number
  /** Of the first twenty that were seen. */
  readonly lines: number[]
  /** ISO 8601. */
  oldest: string
  /** The text of one of them, where it is text. */
  readonly example?: string
}

const MOST_LINES = 20
/** The stack parks what is as near to its end as this; in local mode nobody does. */
export const NEAR_MS = 4 * 24 * 3_600_000

/** What waits, counted. */
export class Summary {
  readonly #groups = new Map<string, Group>()
  total = 0
  /** Of the oldest that the queue will forget. */
  oldestWaiting: Date | undefined
  nearTheirEnd = 0
  readonly #nearSince: Date

  /** @param nearSince what was sent to the queue before is near its end */
  constructor(nearSince: Date) {
    this.#nearSince = nearSince
  }

  add(reject: Reject): void {
    const { content, sentAt, kept } = reject
    this.total += 1
    if (kept === 'queue') {
      if (this.oldestWaiting === undefined || sentAt < this.oldestWaiting) this.oldestWaiting = sentAt
      if (sentAt <= this.#nearSince) this.nearTheirEnd += 1
    }
    const group = this.#groupOf(reject)
    group.count += 1
    if (kept === 'archived') group.archived += 1
    if (kept === 'quarantined') group.quarantined += 1
    if (sentAt.toISOString() < group.oldest) group.oldest = sentAt.toISOString()
    const line = lineNumberOf(content)
    if (line !== undefined && group.lines.length < MOST_LINES) group.lines.push(line)
  }

  /** The reason with the most letters first, and of each the drop with the most. */
  groups(): readonly Group[] {
    const all = [...this.#groups.values()]
    const counts = new Map<string, number>()
    for (const { reason, count, lines } of all) {
      counts.set(reason, (counts.get(reason) ?? 0) + count)
      lines.sort((a, b) => a - b)
    }
    return all.sort(
      (a, b) =>
        (counts.get(b.reason) ?? 0) - (counts.get(a.reason) ?? 0) ||
        a.reason.localeCompare(b.reason) ||
        b.count - a.count ||
        a.key.localeCompare(b.key) ||
        a.day.localeCompare(b.day),
    )
  }

  #groupOf({ content, sentAt }: Reject): Group {
    const reason = reasonOf(content)
    const key = keyOf(content)
    const day = ('deadLetter' in content ? content.deadLetter.failedAt : sentAt.toISOString()).slice(0, 10)
    const id = JSON.stringify([reason, key, day])
    const text = content.kind === 'line' ? content.deadLetter.line : undefined
    const group: Group = this.#groups.get(id) ?? {
      reason,
      key,
      day,
      count: 0,
      archived: 0,
      quarantined: 0,
      lines: [],
      oldest: sentAt.toISOString(),
      ...(text !== undefined && { example: text.slice(0, 500) }),
    }
    this.#groups.set(id, group)
    return group
  }
}
