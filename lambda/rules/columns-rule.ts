import { findMappingFault, type ColumnMapping } from '../csv/columns.ts'
import type { Rule } from './rule.ts'

/** The rule that says what the columns of CSV files mean. The reader of the file uses it, before the other rules get the lines of its rows. */
export const COLUMNS_RULE = 'columns'

export function columnsRule(mapping: ColumnMapping): Rule {
  return { fix: COLUMNS_RULE, mapping }
}

/** The mapping among the rules of a file. */
export function columnsOf(rules: readonly Rule[] | undefined): ColumnMapping | undefined {
  return rules?.find(({ fix }) => fix === COLUMNS_RULE)?.mapping
}

export function isColumnsRule(rule: unknown): boolean {
  return typeof rule === 'object' && rule !== null && 'fix' in rule && rule.fix === COLUMNS_RULE
}

/** Dead letters and checkpoints contain it. */
const MAX_MAPPING_CHARACTERS = 20_000

/** @returns what is wrong with the rules about columns, in one sentence */
export function findColumnsFault(rules: readonly unknown[]): string | undefined {
  const [rule, second] = rules.filter(isColumnsRule)
  if (second !== undefined) return 'There are two rules "columns": a column can have only one meaning.'
  if (typeof rule !== 'object' || rule === null) return undefined
  if ('lines' in rule && rule.lines !== undefined)
    return 'The rule "columns" cannot be for all lines: it is about the rows of CSV files.'
  if (!('mapping' in rule))
    return 'The rule "columns" needs a mapping of columns. With a command, use --columns FILE instead of a name.'
  const fault = findMappingFault(rule.mapping)
  if (fault === undefined && JSON.stringify(rule.mapping).length > MAX_MAPPING_CHARACTERS)
    return `The rule "columns" has a mapping that is too long: ${MAX_MAPPING_CHARACTERS} characters of JSON are allowed.`
  return fault === undefined ? undefined : `The rule "columns" has a mapping that cannot be used: ${fault}.`
}
