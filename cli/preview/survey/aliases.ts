import { normalizeName } from '../../../lambda/survey/stored-name.ts'
import { UnionFind } from '../../../lambda/survey/union-find.ts'
import type { AliasGroup, AliasSummary, LinePosition } from '../summary.ts'

const MAX_IDENTITIES = 100_000
const MAX_PAIRS = 4 * MAX_IDENTITIES
const SHOWN_GROUPS = 20
const SHOWN_IDENTITIES = 5

/**
 * Finds the identities that aliases merge into one person, with a union-find.
 *
 * Memory: the first 100,000 identities and the pairs between them; aliases of other identities are only counted.
 *
 * @see Kissmetrics, "API specifications": the order of the two identities does not matter, and an alias cannot be undone
 */
export class Aliases {
  readonly #maxIdentities: number
  readonly #indexes = new Map<string, number>()
  readonly #firsts: LinePosition[] = []
  /** By index of the identity. */
  readonly #people = new UnionFind()
  readonly #pairs = new Set<number>()
  /** For each identity, the number of its pairs. */
  readonly #degrees: number[] = []
  #commands = 0
  #repeated = 0
  #cycles = 0
  #isComplete = true

  constructor(maxIdentities = MAX_IDENTITIES) {
    this.#maxIdentities = maxIdentities
  }

  add(person: string, other: string, file: string, line: number): void {
    this.#commands += 1
    const a = this.#indexOf(normalizeName(person), file, line)
    const b = this.#indexOf(normalizeName(other), file, line)
    if (a === undefined || b === undefined) this.#isComplete = false
    else this.#join(a, b)
  }

  summary(): AliasSummary {
    const groups = this.#groups()
    const chains = groups.filter(({ length }) => length > 2).toSorted((a, b) => b.length - a.length)
    return {
      commands: this.#commands,
      repeated: this.#repeated,
      cycles: this.#cycles,
      groups: groups.length,
      chains: chains.length,
      largest: chains.slice(0, SHOWN_GROUPS).map((group) => this.#shown(group)),
      isComplete: this.#isComplete,
    }
  }

  #indexOf(identity: string, file: string, line: number): number | undefined {
    const known = this.#indexes.get(identity)
    if (known !== undefined) return known
    if (this.#indexes.size === this.#maxIdentities) return undefined
    const index = this.#people.add()
    this.#indexes.set(identity, index)
    this.#degrees.push(0)
    this.#firsts.push({ file, line })
    return index
  }

  #join(a: number, b: number): void {
    const pair = Math.min(a, b) * this.#maxIdentities + Math.max(a, b)
    // Both are the same identity if they differ only in commas and spaces.
    if (a === b || this.#pairs.has(pair)) {
      this.#repeated += 1
      return
    }
    if (this.#pairs.size < MAX_PAIRS) this.#pairs.add(pair)
    else this.#isComplete = false
    for (const end of [a, b]) this.#degrees[end] = this.#degreeOf(end) + 1
    const rootA = this.#people.rootOf(a)
    const rootB = this.#people.rootOf(b)
    if (rootA === rootB) this.#cycles += 1
    else this.#people.unite(rootA, rootB)
  }

  #degreeOf(index: number): number {
    return this.#degrees[index] ?? 0
  }

  #groups(): readonly (readonly [identity: string, index: number][])[] {
    const groups = Map.groupBy(this.#indexes, ([, index]) => this.#people.rootOf(index))
    return [...groups.values()].filter(({ length }) => length > 1)
  }

  #shown(group: readonly (readonly [identity: string, index: number])[]): AliasGroup {
    const [, first = 0] = group[0] ?? []
    // If many people are merged by mistake, then usually by one identity that is in all pairs, e.g. "unknown".
    const byDegree = group.toSorted(([, a], [, b]) => this.#degreeOf(b) - this.#degreeOf(a))
    return {
      identities: group.length,
      examples: byDegree.slice(0, SHOWN_IDENTITIES).map(([identity]) => identity),
      first: this.#firsts[first] ?? { file: '', line: 0 },
    }
  }
}
