/** `same`: with the same content. `differs`: with another one. `full`: it is not known, and there is no room to keep it. */
export type Sighting = 'new' | 'same' | 'differs' | 'full'

/** Of one slot: the two halves of the key, and the content. Both halves are zero where there is nothing. */
const FIELDS = 3
const FIRST_SLOTS = 4_096
/** A key that has so many contents is not given more of them: it would make the search for it ever longer. */
const MAX_CONTENTS = 64

/**
 * What was seen before, exact up to a limit: fingerprints with 32 bits for what they hold.
 *
 * Open addressing in one array, so that two million of them take 50 MB, and none of it in V8's heap.
 */
export class Seen {
  readonly #limit: number
  #slots = new Int32Array(FIRST_SLOTS * FIELDS)
  #mask = FIRST_SLOTS - 1
  #kept = 0
  #isFull = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Fingerprints that are kept; a key counts once for each content. */
  get kept(): number {
    return this.#kept
  }

  /** Whether something was not kept, for want of room. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** @param high @param low the two halves of a fingerprint */
  add(high: number, low: number, content = 0): Sighting {
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

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += FIELDS) {
      const [high = 0, low = 0, content = 0] = [old[at], old[at + 1], old[at + 2]]
      if (high === 0 && low === 0) continue
      let slot = low & this.#mask
      while (this.#slots[slot * FIELDS] !== 0 || this.#slots[slot * FIELDS + 1] !== 0) slot = (slot + 1) & this.#mask
      this.#put(slot, high, low, content)
    }
  }
}
