import { foldName, normalizeName } from '../../../emulators/kissmetrics/parse-request.ts'
import type { TwinSummary } from '../summary.ts'

/**
 * Names that differ only in what people do not mean by a difference: capitals, spaces, signs, accents written in another way.
 *
 * @param names different ones, the most frequent first
 * @see Kissmetrics, technical notes: names are not case sensitive
 */
export function findTwins(names: readonly string[]): readonly TwinSummary[] {
  return [...Map.groupBy(names, meaningOf).values()]
    .filter(({ length }) => length > 1)
    .map((twins) => ({ names: twins, atKissmetrics: new Set(twins.map((name) => foldName(normalizeName(name)))).size }))
}

function meaningOf(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase()
  const deadLetters = folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
  return deadLetters === '' ? folded : deadLetters // a name that is all signs, such as an emoji, is like no other
}
