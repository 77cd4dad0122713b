import type { RejectedFilter, RejectedRow } from './api-types.ts'

/** Which of its lists a dead letter is in; `all` is the one without a status filter. */
export type View = 'all' | NonNullable<RejectedFilter['status']>

/** What every filter but that for a text looks at. */
export interface Facts {
  readonly view: View
  readonly reason: RejectedRow['reason']
  readonly key: string
  readonly originKey: string
}

/** Dead letters with the same reason, of the same file. */
export interface Group extends Facts {
  readonly count: number
}

/** Counts dead letters while they are added and removed: to count 100,000 rows for each page takes a fifth of a second. */
export class DeadLetterCounts {
  readonly #groups = new Map<string, Facts & { count: number }>()

  add({ view, reason, key, originKey }: Facts, by: 1 | -1 = 1): void {
    const id = JSON.stringify([view, reason, key, originKey])
    const group = this.#groups.get(id)
    if (group === undefined) this.#groups.set(id, { view, reason, key, originKey, count: by })
    else if (group.count + by === 0) this.#groups.delete(id)
    else group.count += by
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0
  }

  groups(view: View): readonly Group[] {
    return [...this.#groups.values()].filter((group) => group.view === view)
  }

  total(view: View): number {
    return sumOf(this.groups(view))
  }
}

export function sumOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0)
}

/** The largest count first. */
export function countsBy<Name extends string>(
  groups: readonly Group[],
  nameOf: (group: Group) => Name,
): readonly (readonly [Name, number])[] {
  const counts = new Map<Name, number>()
  for (const group of groups) counts.set(nameOf(group), (counts.get(nameOf(group)) ?? 0) + group.count)
  return [...counts].toSorted(([one, first], [other, second]) => second - first || (one < other ? -1 : 1))
}
