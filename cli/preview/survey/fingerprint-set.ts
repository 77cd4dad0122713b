/** `same`: known with this content. `differs`: known with another content. `full`: not known, and there is no room to keep it. */
export type Match = 'new' | 'same' | 'differs' | 'full'

/** Numbers of one slot: the two halves of the key, and the content. Both halves are zero if the slot is empty. */
const FIELDS = 3
const FIRST_SLOTS = 4_096
/** A key keeps at most this many contents, because the search for it takes longer with each. */
const MAX_CONTENTS = 64

/**
 * A set of fingerprints, each with 32 bits for its content. It is exact up to a limit, and keeps no more than that.
 *
 * A hash table with open addressing in one typed array: two million fingerprints take 50 MB, outside V8's heap.
 */
export class FingerprintSet {
  readonly #limit: number
  #slots = new Int32Array(FIRST_SLOTS * FIELDS)
  #mask = FIRST_SLOTS - 1
  #kept = 0
  #isFull = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Number of fingerprints; a key counts once for each content. */
  get kept(): number {
    return this.#kept
  }

  /** Whether a fingerprint was not kept because the limit was reached. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** @param high @param low the two halves of a fingerprint */
  add(high: number, low: number, content = 0): Match {
    const key = high === 0 && low === 0 ? 1 : low
    let contents = 0
    let slot = key & this.#mask
    for (; ; slot = (slot + 1) & this.#mask) {
      const at = slot * FIELDS
      const keptHigh = this.#slots[at]
      const keptLow = this.#slots[at + 1]
      if (keptHigh === high && keptLow === key) {
        if (this.#slots[at + 2] === content) return 'same'
        contents += 1
        if (contents === MAX_CONTENTS) return 'differs'
      } else if (keptHigh === 0 && keptLow === 0) break
    }
    const isKept = this.#keep(slot, high, key, content)
    return contents > 0 ? 'differs' : isKept ? 'new' : 'full'
  }

  /** Whether a fingerprint was kept, whatever its content. */
  has(high: number, low: number): boolean {
    const key = high === 0 && low === 0 ? 1 : low
    for (let slot = key & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const [keptHigh, keptLow] = [this.#slots[slot * FIELDS], this.#slots[slot * FIELDS + 1]]
      if (keptHigh === high && keptLow === key) return true
      if (keptHigh === 0 && keptLow === 0) return false
    }
  }

  #keep(slot: number, high: number, low: number, content: number): boolean {
    if (this.#kept === this.#limit) {
      this.#isFull = true
      return false
    }
    this.#put(slot, high, low, content)
    this.#kept += 1
    if (this.#kept * 2 > this.#mask) this.#grow()
    return true
  }

  #put(slot: number, high: number, low: number, content: number): void {
    const at = slot * FIELDS
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#slots[at + 2] = content
  }

  // With local variables only: two million fingerprints are moved, and half of the time of a large preview's main thread is spent here.
  #grow(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    const mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += FIELDS) {
      const high = old[at] ?? 0
      const low = old[at + 1] ?? 0
      if (high === 0 && low === 0) continue
      let to = (low & mask) * FIELDS
      while (slots[to] !== 0 || slots[to + 1] !== 0) to = (to + FIELDS) % slots.length
      slots[to] = high
      slots[to + 1] = low
      slots[to + 2] = old[at + 2] ?? 0
    }
    this.#slots = slots
    this.#mask = mask
  }
}
