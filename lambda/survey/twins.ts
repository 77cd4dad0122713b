import { foldName, normalizeName } from './stored-name.ts'

/** Similar names, which were probably meant to be one. */
export interface TwinSummary {
  /** The most frequent first. */
  readonly names: readonly string[]
  /** How many names they are in Kissmetrics: 1 if they differ only in what it ignores, e.g. capitals. */
  readonly atKissmetrics: number
}

/**
 * Finds names that differ only in capitals, spaces, punctuation or the encoding of accents, and were probably meant to be one.
 *
 * @param names distinct names, the most frequent first
 * @see Kissmetrics, technical notes: names are not case sensitive
 */
export function findTwins(names: readonly string[]): readonly TwinSummary[] {
  return [...Map.groupBy(names, meaningOf).values()]
    .filter(({ length }) => length > 1)
    .map((twins) => ({ names: twins, atKissmetrics: new Set(twins.map((name) => foldName(normalizeName(name)))).size }))
}

/** Names with the same meaning are twins. */
export function meaningOf(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase()
  const letters = folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
  return letters === '' ? folded : letters // a name without letters (e.g. an emoji) has no twins
}
