import { SetupError } from '../errors.ts'
import { refuseNewer } from '../common/schema.ts'
import { findColumnsFault, isColumnsRule } from './columns-rule.ts'
import { contradiction, labelOf, readRule, type ReadRule, type Rule } from './rule.ts'

export const RULES_SCHEMA = 'kissmetrics-importer/rules/v1'

/** The rules for the files whose key begins with `prefix`. */
export interface PrefixRules {
  readonly prefix: string
  readonly rules: readonly Rule[]
}

/** All import rules: the document `control/rules.json`. */
export interface RulesDocument {
  readonly schema: typeof RULES_SCHEMA
  readonly prefixes: readonly PrefixRules[]
}

export const NO_RULES: RulesDocument = Object.freeze({ schema: RULES_SCHEMA, prefixes: [] })

/** Dead letters and checkpoints contain the rules of their file. */
const MAX_RULES = 50
const MAX_PREFIXES = 500

/**
 * Reads the rules, and refuses them as a whole if one of them is wrong: half of the rules could do harm.
 *
 * @param document the JSON value; undefined if the text is not JSON
 * @param where it was read from, for the error message
 * @throws SetupError, or NewerVersionError
 */
export function readRulesDocument(document: unknown, where: string): RulesDocument {
  refuseNewer(document, RULES_SCHEMA, where)
  const fail = (why: string): never => {
    throw new SetupError(
      `${where} has import rules that cannot be used. ${why} Correct it, or remove the rule with npx km-import rules.`,
    )
  }
  if (typeof document !== 'object' || document === null || !('schema' in document) || document.schema !== RULES_SCHEMA)
    return fail(`It must be a JSON object with "schema": "${RULES_SCHEMA}".`)
  if (!('prefixes' in document) || !Array.isArray(document.prefixes)) return fail('It must have a list "prefixes".')
  const prefixes: readonly unknown[] = document.prefixes
  if (prefixes.length > MAX_PREFIXES) return fail(`It has ${prefixes.length} prefixes, and ${MAX_PREFIXES} are allowed.`)
  const seen = new Set<string>()
  for (const entry of prefixes) {
    if (!isPrefixRules(entry)) return fail('Each entry of "prefixes" must have a "prefix" and a list of "rules".')
    if (seen.has(entry.prefix)) return fail(`The prefix "${entry.prefix}" is there twice.`)
    seen.add(entry.prefix)
    const rules = readRules(entry.rules)
    if (typeof rules === 'string') return fail(`For "${entry.prefix}": ${rules}`)
  }
  return document as RulesDocument
}

function isPrefixRules(value: unknown): value is { readonly prefix: string; readonly rules: readonly unknown[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'prefix' in value &&
    typeof value.prefix === 'string' &&
    'rules' in value &&
    Array.isArray(value.rules)
  )
}

/** @returns the rules of a prefix that change lines, or what is wrong with them, in one sentence */
export function readRules(rules: readonly unknown[]): readonly ReadRule[] | string {
  if (rules.length > MAX_RULES) return `There are ${rules.length} rules, and ${MAX_RULES} are allowed.`
  const columnsFault = findColumnsFault(rules)
  if (columnsFault !== undefined) return columnsFault
  const read: ReadRule[] = []
  for (const rule of rules.filter((candidate) => !isColumnsRule(candidate))) {
    const result = readRule(rule)
    if (typeof result === 'string') return result
    read.push(result)
  }
  return contradiction(read) ?? read
}

/** The rules for a file: those of the longest prefix that its key begins with. */
export function rulesFor({ prefixes }: RulesDocument, key: string): readonly Rule[] {
  let found: PrefixRules | undefined
  for (const entry of prefixes)
    if (key.startsWith(entry.prefix) && entry.prefix.length >= (found?.prefix.length ?? 0)) found = entry
  return found?.rules ?? []
}

/** The rules that are counted, as reports call them. `columns` is about all rows of a CSV file, so it has no count. */
export function labelsOf(rules: readonly Rule[]): readonly string[] {
  return rules.filter((rule) => !isColumnsRule(rule)).map(({ fix }) => labelOf(fix))
}
