import { foldName, nameFrom } from '../../../emulators/kissmetrics/understand.ts'
import type { TwinSummary } from '../summary.ts'

/**
 * Finds names that differ only in capitals, spaces, punctuation or the encoding of accents, and were probably meant to be one.
 *
 * @param names distinct names, the most frequent first
 * @see Kissmetrics, technical notes: names are not case sensitive
 */
export function findTwins(names: readonly string[]): readonly TwinSummary[] {
  return [...Map.groupBy(names, meaningOf).values()]
    .filter(({ length }) => length > 1)
    .map((twins) => ({ names: twins, atKissmetrics: new Set(twins.map((name) => foldName(nameFrom(name)))).size }))
}

function meaningOf(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase()
  const letters = folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
  return letters === '' ? folded : letters // a name without letters (e.g. an emoji) has no twins
}
