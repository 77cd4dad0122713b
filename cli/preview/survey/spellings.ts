import { identityMeaning } from '../../../lambda/parse/identity-meaning.ts'
import { normalizeName } from '../../../lambda/survey/stored-name.ts'
import { Fingerprint } from '../../../lambda/survey/fingerprint.ts'
import type { SpellingSummary } from '../summary.ts'
import type { FingerprintSet } from './fingerprint-set.ts'

/** Identities that are kept as text, at most 255 characters each. */
const MAX_SPELLINGS = 50_000
const SHOWN_GROUPS = 20
const SHOWN_SPELLINGS = 5

/**
 * Finds identities that differ only in capitals, spaces, invisible characters, the encoding of accents or the form of a number. To
 * Kissmetrics, each spelling is a person of its own.
 *
 * Memory: the first 50,000 identities that are not written in the usual way. Those that are need no text: they are their own meaning.
 */
export class Spellings {
  readonly #maxSpellings: number
  /** By meaning. */
  readonly #groups = new Map<string, Set<string>>()
  #count = 0
  #isComplete = true

  constructor(maxSpellings = MAX_SPELLINGS) {
    this.#maxSpellings = maxSpellings
  }

  add(identity: string): void {
    const meaning = identityMeaning(identity)
    const group = this.#groups.get(meaning)
    if (group?.has(identity) === true) return
    if (this.#count === this.#maxSpellings) {
      this.#isComplete = false
      return
    }
    this.#count += 1
    if (group === undefined) this.#groups.set(meaning, new Set([identity]))
    else group.add(identity)
  }

  /** @param identities fingerprints of all identities */
  summary(identities: FingerprintSet): SpellingSummary {
    const fingerprint = new Fingerprint()
    const groups: (readonly string[])[] = []
    for (const [meaning, spellings] of this.#groups) {
      fingerprint.start(0, 0).name(meaning)
      fingerprint.end()
      const usual = identities.has(fingerprint.high, fingerprint.low) && !isStoredAs(meaning, spellings) ? [meaning] : []
      if (usual.length + spellings.size > 1) groups.push([...usual, ...spellings].slice(0, SHOWN_SPELLINGS))
    }
    return { people: groups.length, groups: groups.slice(0, SHOWN_GROUPS), isComplete: this.#isComplete }
  }
}

/** Whether one of the spellings is the meaning itself to Kissmetrics, which stores commas and colons as spaces. */
function isStoredAs(meaning: string, spellings: ReadonlySet<string>): boolean {
  return [...spellings].some((spelling) => normalizeName(spelling) === meaning)
}
