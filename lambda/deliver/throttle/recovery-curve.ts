/** The way back to a height that was refused takes this long after a surprise, and past that height nobody goes slower. */
const RETURN_MS = 5_000
/** …and at most this long, where it is the same height each time. */
const LONGEST_RETURN_MS = 20_000
/** What the time between two answers counts for at most, so that a slow endpoint is not tried again after every few answers. */
const LONGEST_STEP_MS = 100
/** Refusals that lie no further apart than this share are at the same height. */
const SAME_HEIGHT = 0.2
const SMALLEST_CUT = 0.04

/**
 * A height that was refused, and the way back to it: fast at first, gently near where the refusal was, and ever faster beyond it
 * where nobody minds any more. A height that is known by now is given up by less, and tried again more rarely.
 *
 * @see RFC 9438, "CUBIC for Fast and Long-Distance Networks", 4.2
 */
export class RecoveryCurve {
  readonly #firstCut: number
  #cut: number
  #refusedAt = Infinity
  #height = Infinity
  #returnMs = RETURN_MS
  /** 0 at the cut, 1 where the refusal was. */
  #way = 0

  /** @param cut which share of the height is given up at a refusal that comes as a surprise */
  constructor(cut: number) {
    this.#firstCut = cut
    this.#cut = cut
  }

  /** How high one may go; Infinity before the first refusal. */
  get height(): number {
    return this.#height
  }

  refuse(height: number): void {
    const isSame = this.#way > 0.5 && Math.abs(height / this.#refusedAt - 1) <= SAME_HEIGHT
    this.#cut = isSame ? Math.max(SMALLEST_CUT, this.#cut / 2) : this.#firstCut
    this.#returnMs = isSame ? Math.min(this.#returnMs * 2, LONGEST_RETURN_MS) : RETURN_MS
    this.#refusedAt = height
    this.#way = 0
    this.#rise()
  }

  /** To be told of time only while the height is made use of: what nobody tried, nobody allowed. */
  advance(ms: number): void {
    if (this.#refusedAt === Infinity) return
    this.#way += Math.min(ms, LONGEST_STEP_MS) / (this.#way < 1 ? this.#returnMs : RETURN_MS)
    this.#rise()
  }

  #rise(): void {
    const beyond = (this.#way - 1) ** 3
    this.#height = this.#refusedAt * (beyond < 0 ? 1 + this.#cut * beyond : Math.exp(this.#firstCut * beyond))
  }
}
