import type { Clock, DeadLetterReader, QueuedDeadLetter } from '../ports.ts'
import { allSettled, inBatches } from './in-batches.ts'

/** Requests for messages at the same time. */
const CONCURRENCY = 8
/** How long a dead letter is hidden at a time. If the process dies, it is visible again after this time. */
const HIDDEN_SECONDS = 300
const HIDDEN_MS = HIDDEN_SECONDS * 1000
/** A queue of 100,000 needs 10,000 calls to stay hidden, which can take two minutes: two minutes are left for one that fails. */
const RENEW_EVERY_MS = 60_000
/** SQS allows 120,000 messages in flight for a queue. This leaves some for other consumers. Amazon SQS, "Message quotas". */
const MAX_HELD = 100_000
/**
 * Empty answers in a row that end a worker, by kind of poll. SQS samples a few of its servers, so one does not mean that the queue is empty.
 * After short polls the counts of the queue decide.
 */
const EMPTY_ANSWERS = { short: 1, long: 2 } as const

type Polling = keyof typeof EMPTY_ANSWERS

interface Hold {
  /** Of the last delivery: SQS accepts only this one. */
  receipt: string
  /** When it becomes visible to others, unless this is renewed before. */
  hiddenUntil: number
}

/**
 * Dead letters that this process has taken from their queue. They stay hidden from other consumers, however long it works on them, until
 * they are removed, released, or this object is disposed of.
 */
export class HeldDeadLetters implements AsyncDisposable {
  readonly #reader: DeadLetterReader
  readonly #clock: Pick<Clock, 'now' | 'sleep'>
  readonly #holds = new Map<string, Hold>()
  readonly #ending = new AbortController()
  readonly #renewing: Promise<void>

  constructor(reader: DeadLetterReader, clock: Pick<Clock, 'now' | 'sleep'>) {
    this.#reader = reader
    this.#clock = clock
    this.#renewing = this.#keepHidden()
  }

  /**
   * Takes all dead letters from the queue, each one once. Stops when there are no more, when `signal` is aborted, or at the limit of SQS.
   *
   * Only long polls are sure to find everything, and each takes a second to find nothing. So with `areAll`, short polls come first, and long
   * polls only if they have missed some.
   *
   * @param onTaken called with each dead letter. Its promise is awaited before more are taken; its error ends everything.
   * @param areAll whether so many dead letters are all that the queue has
   * @returns whether every dead letter was seen
   */
  async takeAll(
    onTaken: (deadLetter: QueuedDeadLetter) => void | Promise<void>,
    signal: AbortSignal,
    areAll?: (count: number) => Promise<boolean>,
  ): Promise<boolean> {
    const seen = new Set<string>()
    const failure = new AbortController()
    const isStopped = (): boolean => signal.aborted || failure.signal.aborted || seen.size > MAX_HELD
    const worker = async (polling: Polling): Promise<void> => {
      for (let emptyAnswers = 0; emptyAnswers < EMPTY_ANSWERS[polling] && !isStopped();) {
        let isEmpty = true
        for (const deadLetter of await this.#take(polling)) {
          // SQS can deliver a message twice. Looked up for each one: another worker may have taken it while this one waited.
          if (seen.has(deadLetter.id)) continue
          seen.add(deadLetter.id)
          isEmpty = false
          await onTaken(deadLetter)
        }
        emptyAnswers = isEmpty ? emptyAnswers + 1 : 0
      }
    }
    const takeUntilEmpty = async (polling: Polling): Promise<void> => {
      const workers = Array.from({ length: CONCURRENCY }, () => worker(polling))
      for (const running of workers)
        running.catch(() => {
          failure.abort()
        })
      await allSettled(workers)
    }
    if (areAll !== undefined) {
      await takeUntilEmpty('short')
      if (!isStopped() && (await areAll(seen.size))) return true
    }
    await takeUntilEmpty('long')
    return !isStopped()
  }

  /** Whether no other consumer can take these dead letters within the next `ms`. True for one that is not in the queue. */
  isHiddenFor(ids: Iterable<string>, ms: number): boolean {
    const then = this.#clock.now() + ms
    for (const id of ids) if ((this.#holds.get(id)?.hiddenUntil ?? Infinity) < then) return false
    return true
  }

  /**
   * Deletes those of the dead letters that are held.
   *
   * @returns whether they are certainly deleted. SQS ignores a receipt if another consumer has taken the dead letter since.
   * @throws the error of SQS
   */
  async remove(ids: readonly string[]): Promise<boolean> {
    const held = ids.flatMap((id) => {
      const hold = this.#holds.get(id)
      return hold === undefined ? [] : [{ id, receipt: hold.receipt }]
    })
    let isCertain = true
    await inBatches(held, async (batch) => {
      await this.#reader.remove(batch)
      const idsInBatch = batch.map(({ id }) => id)
      isCertain &&= this.isHiddenFor(idsInBatch, 0)
      for (const id of idsInBatch) this.#holds.delete(id)
    })
    return isCertain
  }

  /** Makes dead letters visible to others. If that fails, they are visible when their timeout ends. */
  async release(isReleased: (id: string) => boolean): Promise<void> {
    const released = [...this.#holds].filter(([id]) => isReleased(id))
    for (const [id] of released) this.#holds.delete(id)
    const receipts = released.map(([, { receipt }]) => ({ receipt }))
    await inBatches(receipts, (batch) => this.#reader.putBack(batch)).catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#renewing
    await this.release(() => true)
  }

  async #take(polling: Polling): Promise<readonly QueuedDeadLetter[]> {
    const hiddenUntil = this.#clock.now() + HIDDEN_MS
    const taken = await this.#reader.take(HIDDEN_SECONDS, polling)
    for (const { id, receipt } of taken) this.#holds.set(id, { receipt, hiddenUntil })
    return taken
  }

  async #keepHidden(): Promise<void> {
    const { signal } = this.#ending
    for (;;) {
      await this.#clock.sleep(RENEW_EVERY_MS, signal)
      if (signal.aborted) return
      const isDue = ({ hiddenUntil }: Hold, now: number) => hiddenUntil > now && hiddenUntil < now + HIDDEN_MS - RENEW_EVERY_MS
      const now = this.#clock.now()
      const due = [...this.#holds.values()].filter((hold) => isDue(hold, now))
      await inBatches(due, (batch) => (signal.aborted ? Promise.resolve() : this.#renew(batch)))
    }
  }

  async #renew(holds: readonly Hold[]): Promise<void> {
    const hiddenUntil = this.#clock.now() + HIDDEN_MS
    // What fails is tried again with the next ones, as long as it is hidden.
    const renewed = await this.#reader.keepHidden(holds, HIDDEN_SECONDS).catch(() => [])
    // Renewed after the timeout, another consumer can have taken it in between.
    const now = this.#clock.now()
    for (const hold of renewed) if (now < hold.hiddenUntil) hold.hiddenUntil = hiddenUntil
  }
}
