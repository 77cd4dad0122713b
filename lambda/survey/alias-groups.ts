import type { AliasGroup } from './part.ts'

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
  #count = 0
  #isComplete = true
  #largest: AliasGroup | undefined
  // A hash table with open addressing: the index of an identity plus one, or 0 for an empty slot. It is never more than half full.
  #slots = new Int32Array(2 * FIRST_CAPACITY)
  // By index of the identity
  #highs = new Int32Array(FIRST_CAPACITY)
  #lows = new Int32Array(FIRST_CAPACITY)
  /** Another identity of the same group; the root of a group is its own parent. */
  #parents = new Int32Array(FIRST_CAPACITY)
  /** Of roots: the number of identities, and the first line. */
  #sizes = new Uint32Array(FIRST_CAPACITY)
  #firsts = new Uint32Array(FIRST_CAPACITY)

  constructor(maxIdentities = MAX_IDENTITIES) {
    this.#maxIdentities = maxIdentities
  }

  /** False if there were too many identities. Then the groups are not known, and none are kept. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** The largest group so far. */
  get largest(): AliasGroup | undefined {
    return this.#largest
  }

  /** @param line of the alias @param high @param low the halves of a fingerprint */
  join(line: number, highA: number, lowA: number, highB: number, lowB: number): void {
    if (!this.#isComplete) return
    const a = this.#indexOf(highA, lowA, line)
    const b = this.#indexOf(highB, lowB, line)
    if (a === undefined || b === undefined) this.giveUp()
    else this.#unite(this.#rootOf(a), this.#rootOf(b), line)
  }

  /** Keeps no groups from now on, because they are not complete. */
  giveUp(largest?: AliasGroup): void {
    this.#isComplete = false
    if (largest !== undefined && largest.identities > (this.#largest?.identities ?? 0)) this.#largest = largest
    this.#count = 0
    this.#slots = this.#highs = this.#lows = this.#parents = new Int32Array()
    this.#sizes = this.#firsts = new Uint32Array()
  }

  /** All groups of two or more identities, each as its first line and its fingerprints, in the order of the lines. */
  groups(): readonly { readonly first: number; readonly members: readonly (readonly [high: number, low: number])[] }[] {
    const members = Map.groupBy(Array(this.#count).keys(), (index) => this.#rootOf(index))
    return Array.from(members, ([root, indexes]) => ({
      first: this.#firsts[root] ?? 0,
      members: indexes.map((index) => [this.#highs[index] ?? 0, this.#lows[index] ?? 0] as const),
    }))
      .filter(({ members: { length } }) => length > 1)
      .toSorted((a, b) => a.first - b.first)
  }

  #unite(a: number, b: number, line: number): void {
    const root = Math.min(a, b)
    const size = a === b ? sizeAt(this.#sizes, a) : sizeAt(this.#sizes, a) + sizeAt(this.#sizes, b)
    const first = Math.min(this.#firsts[a] ?? line, this.#firsts[b] ?? line, line)
    this.#parents[Math.max(a, b)] = root
    this.#sizes[root] = size
    this.#firsts[root] = first
    if (size > 1 && size > (this.#largest?.identities ?? 0)) this.#largest = { identities: size, first }
  }

  #rootOf(index: number): number {
    const parents = this.#parents
    let at = index
    for (let parent = parents[at] ?? at; parent !== at; parent = parents[at] ?? at) {
      parents[at] = parents[parent] ?? parent // path halving: the next search is shorter
      at = parent
    }
    return at
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
    if (this.#count === this.#maxIdentities) return undefined
    if (this.#count === this.#highs.length) {
      this.#grow()
      return this.#indexOf(high, low, line)
    }
    const index = this.#count
    this.#count += 1
    this.#slots[slot] = index + 1
    this.#highs[index] = high
    this.#lows[index] = low
    this.#parents[index] = index
    this.#sizes[index] = 1
    this.#firsts[index] = line
    return index
  }

  #grow(): void {
    const capacity = 2 * this.#highs.length
    this.#highs = longer(this.#highs, new Int32Array(capacity))
    this.#lows = longer(this.#lows, new Int32Array(capacity))
    this.#parents = longer(this.#parents, new Int32Array(capacity))
    this.#sizes = longer(this.#sizes, new Uint32Array(capacity))
    this.#firsts = longer(this.#firsts, new Uint32Array(capacity))
    this.#slots = new Int32Array(2 * capacity)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.#count; index += 1) {
      let slot = (this.#lows[index] ?? 0) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = index + 1
    }
  }
}

function sizeAt(sizes: Uint32Array, index: number): number {
  return sizes[index] ?? 1
}

function longer<Numbers extends Int32Array | Uint32Array>(numbers: Numbers, empty: Numbers): Numbers {
  empty.set(numbers)
  return empty
}
