const SAMPLE_MS = 1_000
/** With fewer answers, the sample lasts longer. */
const MIN_ANSWERS = 5
/** With fewer answers that ask for a pause, it may be chance that they are most. */
const MIN_ASKED_TO_WAIT = 10

/** The answers of about one second: how many requests the endpoint accepted, and which share it refused. */
export class AnswerSample {
  readonly #since: number
  #accepted = 0
  #refused = 0
  #askedToWait = 0

  /** @param since earlier answers are not counted */
  constructor(since: number) {
    this.#since = since
  }

  get accepted(): number {
    return this.#accepted
  }

  get refused(): number {
    return this.#refused
  }

  get answers(): number {
    return this.#accepted + this.#refused
  }

  get refusedShare(): number {
    return this.#refused / this.answers
  }

  /** Whether most answers ask for a pause (`Retry-After`). */
  get needsPause(): boolean {
    return this.#askedToWait >= MIN_ASKED_TO_WAIT && this.#askedToWait * 2 > this.answers
  }

  countAccepted(now: number): void {
    if (now >= this.#since) this.#accepted += 1
  }

  /** @param asksToWait whether the answer has a `Retry-After` */
  countRefused(now: number, asksToWait: boolean): void {
    if (now < this.#since) return
    this.#refused += 1
    if (asksToWait) this.#askedToWait += 1
  }

  isFull(now: number): boolean {
    return now - this.#since >= SAMPLE_MS && this.answers >= MIN_ANSWERS
  }

  acceptedPerSecond(now: number): number {
    return (this.#accepted * 1000) / (now - this.#since)
  }
}
