import { normalizeName } from '../../../lambda/survey/stored-name.ts'
import { mergeValues, type ValueUse } from '../digest/values.ts'
import type { EventSummary, NamesSummary, PropertySummary } from '../summary.ts'
import { findTwins } from '../../../lambda/survey/twins.ts'

export const MAX_NAMES = 5_000

/** The names of events or of properties, with their uses. Memory: the first 5,000 names; the uses of all others are counted together. */
abstract class Names<Use> {
  protected readonly uses = new Map<string, Use>()
  #otherUses = 0

  add(name: string, more: Use): void {
    if (this.uses.has(name) || this.uses.size < MAX_NAMES) this.merge(name, more)
    else this.#otherUses += this.countOf(more)
  }

  protected abstract countOf(use: Use): number
  protected abstract merge(name: string, more: Use): void

  protected summaryOf<Summary extends EventSummary>(toSummary: (name: string, use: Use) => Summary): NamesSummary<Summary> {
    const list = Array.from(this.uses, ([name, use]) => toSummary(name, use)).toSorted((a, b) => b.count - a.count)
    return {
      names: list.length,
      isComplete: this.#otherUses === 0,
      otherUses: this.#otherUses,
      list,
      twins: findTwins(list.map(({ name }) => name)),
    }
  }
}

export class Events extends Names<number> {
  summary(): NamesSummary<EventSummary> {
    return this.summaryOf(named)
  }

  protected override countOf(count: number): number {
    return count
  }

  protected override merge(name: string, count: number): void {
    this.uses.set(name, (this.uses.get(name) ?? 0) + count)
  }
}

export class Properties extends Names<ValueUse> {
  summary(): NamesSummary<PropertySummary> {
    return this.summaryOf((name, { count, longValues, types }) => ({
      ...named(name, count),
      types: Object.fromEntries([...types].toSorted(([, a], [, b]) => b.count - a.count)),
      longValues,
    }))
  }

  protected override countOf({ count }: ValueUse): number {
    return count
  }

  protected override merge(name: string, more: ValueUse): void {
    mergeValues(this.uses, name, more)
  }
}

function named(name: string, count: number): EventSummary {
  const becomes = normalizeName(name)
  return { name, count, ...(becomes !== name && { becomes }) }
}
