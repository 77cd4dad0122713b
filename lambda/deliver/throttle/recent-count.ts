const SLOT_MS = 50
const SLOTS = 20

/** A count over the last second, in slots of 50 ms. The adaptive rate measures the current rate with it. */
export class RecentCount {
  readonly #slots: number[] = Array.from({ length: SLOTS }, () => 0)
  #slot = 0
  #total = 0

  add(count: number, now: number): void {
    this.#dropOldSlots(now)
    const index = this.#slot % SLOTS
    this.#slots[index] = (this.#slots[index] ?? 0) + count
    this.#total += count
  }

  total(now: number): number {
    this.#dropOldSlots(now)
    return this.#total
  }

  #dropOldSlots(now: number): void {
    const slot = Math.floor(now / SLOT_MS)
    for (let old = Math.max(this.#slot, slot - SLOTS) + 1; old <= slot; old += 1) {
      const index = old % SLOTS
      this.#total -= this.#slots[index] ?? 0
      this.#slots[index] = 0
    }
    this.#slot = Math.max(this.#slot, slot)
  }
}
