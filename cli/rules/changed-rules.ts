import { SetupError } from '../../lambda/errors.ts'
import { isReplayFile, REPLAYS_PREFIX } from '../../lambda/keys.ts'
import { readRules, type RulesDocument } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Place } from '../../lambda/settings/places.ts'
import { printable } from '../terminal/output.ts'

/** The rules of exactly this prefix. */
export function rulesOfPrefix({ prefixes }: RulesDocument, prefix: string): readonly Rule[] {
  return prefixes.find((entry) => entry.prefix === prefix)?.rules ?? []
}

/** The rules with other rules for one prefix. Fields that a newer version has added stay. */
export function withRules(document: RulesDocument, prefix: string, rules: readonly Rule[]): RulesDocument {
  const isKnown = document.prefixes.some((entry) => entry.prefix === prefix)
  const prefixes = isKnown
    ? document.prefixes.map((entry) => (entry.prefix === prefix ? { ...entry, rules } : entry))
    : [...document.prefixes, { prefix, rules }]
  return { ...document, prefixes: prefixes.filter((entry) => entry.rules.length > 0) }
}

/** @throws SetupError if a rule does not exist, or contradicts another */
export function addedTo(rules: readonly Rule[], more: readonly Rule[]): readonly Rule[] {
  const added = [...rules, ...more]
  const read = readRules(added)
  if (typeof read === 'string') throw new SetupError(printable(read))
  return added
}

interface Removal {
  readonly prefix: string
  /** Which rules; none for all of the prefix. */
  readonly fixes: readonly string[]
  /** Options that choose the deployment, for commands in hints. */
  readonly deploymentOptions?: string
}

/** @throws SetupError if there is no such rule */
export function removedFrom(rules: readonly Rule[], { prefix, fixes, deploymentOptions = '' }: Removal): readonly Rule[] {
  const missing = fixes.find((fix) => !rules.some((rule) => rule.fix === fix))
  if (missing !== undefined || rules.length === 0)
    throw new SetupError(
      `There is no rule ${missing === undefined ? '' : `"${printable(missing)}" `}for ${printable(prefix)}. To see the rules, run: npx km-import rules list${deploymentOptions}`,
    )
  return fixes.length === 0 ? [] : rules.filter(({ fix }) => !fixes.includes(fix))
}

/** @throws SetupError if the importer takes no files under this prefix */
export function checkPrefix(prefix: string, places: readonly Place[]): void {
  if (isReplayFile(prefix))
    throw new SetupError(
      `Files of fixed lines have the rules of the files that the lines come from, so ${REPLAYS_PREFIX} has none of its own. Give the prefix of those files, for example ${printable(places[0]?.prefix ?? '')}daily/.`,
    )
  const isImported = places.some((place) => prefix.startsWith(place.prefix) || place.prefix.startsWith(prefix))
  if (isImported) return
  const known = places.map((place) => place.prefix).join(', ')
  throw new SetupError(
    `The prefix is "${printable(prefix)}", but the importer takes files from ${printable(known)}. Begin with that, for example ${printable(places[0]?.prefix ?? '')}daily/.`,
  )
}
