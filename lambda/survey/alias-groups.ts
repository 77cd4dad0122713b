import type { AliasGroup } from './part.ts'
import { UnionFind } from './union-find.ts'

/** Identities that are compared exactly. They take 28 MB, outside V8's heap. */
export const MAX_IDENTITIES = 1_000_000

const FIRST_CAPACITY = 1_024

/**
 * Finds out which identities aliases make one person: a union-find over fingerprints. Pairs that occur again, in either order, change
 * nothing.
 *
 * @see Kissmetrics, "API specifications": the order of the two identities does not matter, and an alias cannot be undone
 */
export class AliasGroups {
  readonly #maxIdentities: number
  #isComplete = true
  #largestNoted: AliasGroup | undefined
  /** By index of the identity. */
  #people = new UnionFind()
  #highs = new Int32Array(FIRST_CAPACITY)
  #lows = new Int32Array(FIRST_CAPACITY)
  /** Of roots: the number of identities, and the first line. */
  #sizes = new Uint32Array(FIRST_CAPACITY)
  #firsts = new Uint32Array(FIRST_CAPACITY)
  // A hash table with open addressing: the index of an identity plus one, or 0 for an empty slot. It is never more than half full.
  #slots = new Int32Array(2 * FIRST_CAPACITY)

  constructor(maxIdentities = MAX_IDENTITIES) {
    this.#maxIdentities = maxIdentities
  }

  /** False if there were too many identities. Then the groups are not known, and none are kept. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  get identities(): number {
    return this.#people.count
  }

  /** @param line of the alias @param highA 16 bits of a fingerprint @param lowA 32 other bits */
  join(line: number, highA: number, lowA: number, highB: number, lowB: number): void {
    if (!this.#isComplete) return
    const a = this.#indexOf(highA, lowA, line)
    const b = this.#indexOf(highB, lowB, line)
    if (a === undefined || b === undefined) this.giveUp()
    else this.#unite(this.#people.rootOf(a), this.#people.rootOf(b), line)
  }

  /** Keeps no groups from now on, because they are not complete: only the size of the largest. */
  giveUp(): void {
    const largest = this.largest()
    this.#isComplete = false
    if (largest !== undefined) this.note(largest)
    this.#people = new UnionFind()
    this.#slots = this.#highs = this.#lows = new Int32Array()
    this.#sizes = this.#firsts = new Uint32Array()
  }

  /** Notes a group whose identities are not known here. */
  note(group: AliasGroup): void {
    if (group.identities > (this.#largestNoted?.identities ?? 0)) this.#largestNoted = group
  }

  /** The person who is merged from the most identities; so far, if there are too many. */
  largest(): AliasGroup | undefined {
    if (!this.#isComplete) return this.#largestNoted
    let largest: AliasGroup | undefined
    for (const root of this.roots()) {
      const identities = this.sizeOf(root)
      if (identities > (largest?.identities ?? 0)) largest = { identities, first: this.firstOf(root) }
    }
    return largest
  }

  /** A root for each group of two or more identities, in the order of their first lines. */
  roots(): Uint32Array {
    const roots = new Uint32Array(this.identities)
    let count = 0
    for (let index = 0; index < this.identities; index += 1) {
      if (this.rootOf(index) !== index || this.sizeOf(index) < 2) continue
      roots[count] = index
      count += 1
    }
    return roots.subarray(0, count).sort((a, b) => this.firstOf(a) - this.firstOf(b))
  }

  /** @param index from 0 to `identities` */
  rootOf(index: number): number {
    return this.#people.rootOf(index)
  }

  sizeOf(root: number): number {
    return this.#sizes[root] ?? 0
  }

  firstOf(root: number): number {
    return this.#firsts[root] ?? 0
  }

  highOf(index: number): number {
    return this.#highs[index] ?? 0
  }

  lowOf(index: number): number {
    return this.#lows[index] ?? 0
  }

  #unite(a: number, b: number, line: number): void {
    const size = a === b ? this.sizeOf(a) : this.sizeOf(a) + this.sizeOf(b)
    const first = Math.min(this.firstOf(a), this.firstOf(b), line)
    const root = this.#people.unite(a, b)
    this.#sizes[root] = size
    this.#firsts[root] = first
  }

  /** @returns undefined if the identity is new and there is no room for it */
  #indexOf(high: number, low: number, line: number): number | undefined {
    const mask = this.#slots.length - 1
    let slot = low & mask
    for (let entry = this.#slots[slot] ?? 0; entry !== 0; entry = this.#slots[slot] ?? 0) {
      const index = entry - 1
      if (this.#lows[index] === low && this.#highs[index] === high) return index
      slot = (slot + 1) & mask
    }
    if (this.identities === this.#maxIdentities) return undefined
    if (this.identities === this.#highs.length) {
      this.#grow()
      return this.#indexOf(high, low, line)
    }
    const index = this.#people.add()
    this.#slots[slot] = index + 1
    this.#highs[index] = high
    this.#lows[index] = low
    this.#sizes[index] = 1
    this.#firsts[index] = line
    return index
  }

  #grow(): void {
    const capacity = 2 * this.#highs.length
    this.#highs = longer(this.#highs, new Int32Array(capacity))
    this.#lows = longer(this.#lows, new Int32Array(capacity))
    this.#sizes = longer(this.#sizes, new Uint32Array(capacity))
    this.#firsts = longer(this.#firsts, new Uint32Array(capacity))
    this.#slots = new Int32Array(2 * capacity)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.identities; index += 1) {
      let slot = this.lowOf(index) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = index + 1
    }
  }
}

function longer<Numbers extends Int32Array | Uint32Array>(numbers: Numbers, empty: Numbers): Numbers {
  empty.set(numbers)
  return empty
}
