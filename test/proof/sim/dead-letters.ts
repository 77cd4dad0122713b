import { readArchived } from '../../../lambda/archive/archived.ts'
import type { DeadLetterArchive, DeadLetterQueue, DeadLetterReader, QueuedDeadLetter } from '../../../lambda/ports.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import { ArchivedDeadLetters } from './archived-dead-letters.ts'
import type { Message, MessageWork } from './queue.ts'
import { Fault, type Worker } from './worker.ts'

interface Entry {
  readonly id: string
  readonly body: string
  readonly sentAt: number
  visibleAt: number
  receives: number
  /** SQS moved it here because it was received too often, and it is not a dead letter that was being replayed. */
  readonly work: MessageWork | undefined
}

export interface DeadLetterHooks {
  /** SQS has stored a dead letter for the first time in this batch, and the importer knows it. */
  acknowledged(worker: Worker, deadLetter: DeadLetter): void
  /** A copy of a dead letter is gone. */
  removed(deadLetter: DeadLetter): void
  /** SQS has moved a dead letter back that was being replayed. Only a person can replay it again. */
  returned(deadLetter: DeadLetter): void
}

/** SQS keeps a dead letter for 14 days. */
const RETENTION_MS = 14 * 86_400_000

/** Names the line, the file or the group that a dead letter is about. */
export function subjectOf({ kind, reason, source }: DeadLetter): string {
  const group = kind === 'group' ? `group-${reason}` : 'file'
  return `${source.key}:${source.etag ?? ''}:${source.line ?? group}`
}

/** The simulated dead-letter queue, and the dead letters that were archived or are being replayed. */
export class DeadLetters {
  readonly #entries: Entry[] = []
  /** How many copies exist: in the queue, in the bucket, and in the import queue as replays. */
  readonly #copies = new Map<string, number>()
  /** Subjects of the dead letters that a person has discarded: a copy of each is stored. */
  readonly discarded = new Set<string>()
  /** Every dead letter that was ever stored. */
  readonly all: DeadLetter[] = []
  /** Those among them that are about many lines. */
  readonly groups: DeadLetter[] = []
  /** Those that were archived. */
  readonly archived = new ArchivedDeadLetters((body) => {
    this.discard(body)
  })
  readonly #now: () => number
  readonly #hooks: DeadLetterHooks
  #sent = 0

  constructor(now: () => number, hooks: DeadLetterHooks) {
    this.#now = now
    this.#hooks = hooks
  }

  copiesOf(subject: string): number {
    return this.#copies.get(subject) ?? 0
  }

  hasReason(subject: string, reason: string | undefined): boolean {
    return this.all.some((deadLetter) => deadLetter.reason === reason && subjectOf(deadLetter) === subject)
  }

  /** Work that SQS has moved here. */
  get work(): readonly MessageWork[] {
    return this.#entries.flatMap(({ work }) => work ?? [])
  }

  /** SQS moves a message here that was received too often. */
  moveHere({ body, sentAt, work, isDeadLetter }: Message): void {
    this.#add(body, sentAt, isDeadLetter ? undefined : work)
    if (!isDeadLetter) return
    this.discard(body)
    this.#hooks.returned(JSON.parse(body) as DeadLetter)
  }

  /** A copy of a dead letter that is in the import queue or in the bucket. */
  keep(body: string): void {
    const subject = subjectOf(JSON.parse(body) as DeadLetter)
    this.#copies.set(subject, this.copiesOf(subject) + 1)
  }

  /** The copy is gone. */
  discard(body: string): void {
    const deadLetter = JSON.parse(body) as DeadLetter
    const subject = subjectOf(deadLetter)
    this.#copies.set(subject, this.copiesOf(subject) - 1)
    this.#hooks.removed(deadLetter)
  }

  /** Takes everything that a person redrives: the work only, or the dead letters too. */
  redrive(now: number, isOnlyWork: boolean): readonly string[] {
    const bodies: string[] = []
    for (const entry of [...this.#entries]) {
      if (entry.visibleAt > now || (isOnlyWork && entry.work === undefined)) continue
      this.#entries.splice(this.#entries.indexOf(entry), 1)
      bodies.push(entry.body)
      if (entry.work !== undefined) continue
      const subject = subjectOf(JSON.parse(entry.body) as DeadLetter) // the copy in the import queue is counted instead
      this.#copies.set(subject, this.copiesOf(subject) - 1)
    }
    return bodies
  }

  /** Deletes what is too old, as SQS does. */
  expire(now: number): void {
    for (const entry of [...this.#entries]) {
      if (now - entry.sentAt <= RETENTION_MS) continue
      this.#remove(entry)
    }
  }

  /** @param refuses whether SQS refuses the next entry of a batch @param fails whether a call fails */
  queue(worker: Worker, refuses: () => boolean, fails: () => boolean): DeadLetterQueue {
    return {
      sendBatch: async (batch) => {
        const stored: DeadLetter[] = []
        const refusals = await worker.actOnAws(fails, () =>
          batch.flatMap(({ body }, index) => {
            if (refuses()) return [{ index, code: 'InternalError', isSenderFault: false }]
            stored.push(this.#add(body, this.#now(), undefined))
            return []
          }),
        )
        for (const deadLetter of stored) this.#hooks.acknowledged(worker, deadLetter)
        return refusals
      },
    }
  }

  reader(worker: Worker, fails: () => boolean): DeadLetterReader {
    const find = (receipt: string) => {
      const [id, receives] = receipt.split('/')
      return this.#entries.find((entry) => entry.id === id && entry.receives === Number(receives))
    }
    return {
      take: (hiddenSeconds) =>
        worker.actOnAws(fails, () =>
          this.#entries
            .filter(({ visibleAt }) => visibleAt <= this.#now())
            .slice(0, 10)
            .map((entry): QueuedDeadLetter => {
              entry.visibleAt = this.#now() + hiddenSeconds * 1000
              entry.receives += 1
              return { id: entry.id, body: entry.body, sentAt: new Date(entry.sentAt), receipt: `${entry.id}/${entry.receives}` }
            }),
        ),
      keepHidden: (deadLetters, hiddenSeconds) =>
        worker.actOnAws(fails, () =>
          deadLetters.filter(({ receipt }) => {
            const entry = find(receipt)
            if (entry !== undefined) entry.visibleAt = this.#now() + hiddenSeconds * 1000
            return entry !== undefined
          }),
        ),
      putBack: (deadLetters) =>
        worker.actOnAws(fails, () => {
          for (const { receipt } of deadLetters) {
            const entry = find(receipt)
            if (entry !== undefined) entry.visibleAt = 0
          }
        }),
      remove: (deadLetters) =>
        worker.actOnAws(fails, () => {
          for (const { receipt } of deadLetters) {
            const entry = find(receipt)
            if (entry === undefined) throw new Fault('the receipt is stale')
            this.#remove(entry)
          }
        }),
    }
  }

  archive(worker: Worker, fails: () => boolean): DeadLetterArchive {
    return {
      put: (_bucket, key, text) =>
        worker.actOnAws(fails, () => {
          const replaced = this.archived.put(key, text)
          for (const { body } of readArchived(text)) this.keep(body)
          for (const { body } of replaced) this.discard(body)
        }),
    }
  }

  #add(body: string, sentAt: number, work: MessageWork | undefined): DeadLetter {
    this.#sent += 1
    this.#entries.push({ id: `d${this.#sent}`, body, sentAt, visibleAt: 0, receives: 0, work })
    const deadLetter = JSON.parse(body) as DeadLetter
    if (work === undefined) {
      this.keep(body)
      this.all.push(deadLetter)
      if (deadLetter.kind === 'group') this.groups.push(deadLetter)
    }
    return deadLetter
  }

  #remove(entry: Entry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    if (entry.work === undefined) this.discard(entry.body)
  }
}
