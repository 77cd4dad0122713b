import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { keyOf, lineNumberOf, reasonOf, type DeadLetterReason } from './content.ts'
import { groupIdOf } from './group-id.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

/** Dead letters of one reason, one file and one day. */
export interface Group {
  readonly reason: DeadLetterReason
  /** Key of the file; empty if they belong to no file. */
  readonly key: string
  /** Day of the failure, UTC: YYYY-MM-DD. */
  readonly day: string
  count: number
  /** Archived by a person or because of their age; included in `count`. */
  archived: number
  /** Failed at every replay; included in `count`. */
  quarantined: number
  /** Lines that share one of the dead letters, and were not sent yet. */
  grouped: number
  /** Lines of these dead letters that a replay has sent, or is sending. */
  sent: number
  /** Line numbers of the first twenty. */
  readonly lines: number[]
  /** When the oldest one was sent to the queue, ISO 8601. */
  oldest: string
  /** The start of one line, if it is text. */
  readonly example?: string
}

const MAX_LINES = 20
const MAX_EXAMPLE_CHARACTERS = 500

/** The daily job archives a dead letter when it expires within this time. */
export const EXPIRING_SOON_MS = 4 * 24 * 3_600_000

/** A dead letter that lines share, and where it is counted. */
interface Shared {
  readonly deadLetter: DeadLetter
  readonly lines: number
  readonly group: Group
}

/** Counts dead letters by reason, file and day. */
export class Summary {
  readonly #groups = new Map<string, Group>()
  readonly #shared = new Map<string, Shared>()
  readonly #expiringSoonBefore: Date | undefined
  total = 0
  /** When the oldest dead letter in the queue was sent; undefined if none is in the queue. */
  oldestQueued: Date | undefined
  /** Dead letters in the queue that expire soon. */
  expiringSoon = 0

  /** @param expiringSoonBefore a dead letter that was sent at this time or earlier expires soon; undefined if none expires */
  constructor(expiringSoonBefore: Date | undefined) {
    this.#expiringSoonBefore = expiringSoonBefore
  }

  add(deadLetter: StoredDeadLetter): void {
    const { content, sentAt, status } = deadLetter
    this.total += 1
    if (status === 'queued') {
      if (this.oldestQueued === undefined || sentAt < this.oldestQueued) this.oldestQueued = sentAt
      if (this.#expiringSoonBefore !== undefined && sentAt <= this.#expiringSoonBefore) this.expiringSoon += 1
    }
    const group = this.#groupOf(deadLetter)
    group.count += 1
    if (status === 'archived') group.archived += 1
    if (status === 'quarantined') group.quarantined += 1
    if (sentAt.toISOString() < group.oldest) group.oldest = sentAt.toISOString()
    if (content.kind === 'group') this.#addShared(content.deadLetter, group)
    const line = lineNumberOf(content)
    if (line !== undefined && group.lines.length < MAX_LINES) group.lines.push(line)
  }

  /** Counts the lines of dead letters that replays have sent as sent. Call it once, after all are added. */
  async leaveOutSent(countSent: (deadLetter: DeadLetter) => Promise<number>): Promise<void> {
    for (const { deadLetter, lines, group } of this.#shared.values()) {
      const sent = Math.min(lines, await countSent(deadLetter))
      group.grouped -= sent
      group.sent += sent
    }
  }

  /** The reason with the most dead letters first, and within a reason the file with the most. */
  groups(): readonly Group[] {
    const groups = [...this.#groups.values()]
    const counts = new Map<string, number>()
    for (const { reason, count, lines } of groups) {
      counts.set(reason, (counts.get(reason) ?? 0) + count)
      lines.sort((a, b) => a - b)
    }
    return groups.sort(
      (a, b) =>
        (counts.get(b.reason) ?? 0) - (counts.get(a.reason) ?? 0) ||
        a.reason.localeCompare(b.reason) ||
        b.count - a.count ||
        a.key.localeCompare(b.key) ||
        a.day.localeCompare(b.day),
    )
  }

  /** If a killed run has sent it twice, both are about the same lines. */
  #addShared(deadLetter: DeadLetter, group: Group): void {
    const id = `${groupIdOf(deadLetter)} ${group.day}`
    const lines = deadLetter.group?.lines ?? 0
    const known = this.#shared.get(id)?.lines ?? 0
    if (lines <= known) return
    this.#shared.set(id, { deadLetter, lines, group })
    group.grouped += lines - known
  }

  #groupOf({ content, sentAt }: StoredDeadLetter): Group {
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
      grouped: 0,
      sent: 0,
      lines: [],
      oldest: sentAt.toISOString(),
      ...(text !== undefined && { example: text.slice(0, MAX_EXAMPLE_CHARACTERS) }),
    }
    this.#groups.set(id, group)
    return group
  }
}
