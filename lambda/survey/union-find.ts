const FIRST_CAPACITY = 1_024

/** Groups of numbered elements. */
export class UnionFind {
  #count = 0
  /** Another element of the same group; the root of a group is its own parent. */
  #parents = new Int32Array(FIRST_CAPACITY)

  /** The number of elements. */
  get count(): number {
    return this.#count
  }

  /** Adds an element, in a group of its own. @returns its number, from 0 */
  add(): number {
    const index = this.#count
    if (index === this.#parents.length) {
      const longer = new Int32Array(2 * index)
      longer.set(this.#parents)
      this.#parents = longer
    }
    this.#parents[index] = index
    this.#count += 1
    return index
  }

  rootOf(index: number): number {
    const parents = this.#parents
    let at = index
    for (let parent = parents[at] ?? at; parent !== at; parent = parents[at] ?? at) {
      parents[at] = parents[parent] ?? parent // path halving: the next search is shorter
      at = parent
    }
    return at
  }

  /** Makes two groups one. The older root stays the root, so that the first element of a group is at its root. */
  unite(rootA: number, rootB: number): number {
    const root = Math.min(rootA, rootB)
    this.#parents[Math.max(rootA, rootB)] = root
    return root
  }
}
