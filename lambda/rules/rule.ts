import type { ColumnMapping } from '../csv/columns.ts'
import { readKind, type ReadKind } from './fix.ts'
import { namesIn } from './kinds.ts'

/** An import rule, as it is stored: in the rules of a prefix, and in everything that belongs to an import that began with it. */
export interface Rule {
  /** As after `--fix`, for example `ms-timestamps` or `rename:email=_p`. */
  readonly fix: string
  /** The rule also changes valid lines. Without it, it changes only lines that would be rejected. */
  readonly lines?: 'all'
  /** Of the rule `columns` alone: what the columns of CSV files mean. */
  readonly mapping?: ColumnMapping
}

/** A rule, ready to be applied. */
export interface ReadRule extends ReadKind {
  readonly rule: Rule
  readonly isForAll: boolean
  /** How the report calls it. */
  readonly label: string
}

const MAX_RULE_CHARACTERS = 600

/** @returns the rule, or what is wrong with it, in one sentence */
export function readRule(rule: unknown): ReadRule | string {
  if (typeof rule !== 'object' || rule === null || !('fix' in rule) || typeof rule.fix !== 'string')
    return 'A rule must be an object with "fix", for example { "fix": "ms-timestamps" }.'
  const { fix } = rule
  if (fix.length > MAX_RULE_CHARACTERS) return `A rule has ${fix.length} characters, and ${MAX_RULE_CHARACTERS} are allowed.`
  const read = readKind(fix)
  if ('expected' in read)
    return `There is no rule "${fix}"${read.expected === undefined ? '. To see all rules, run: npx km-import rules --help' : `: expected ${read.expected}.`}`
  const lines = 'lines' in rule ? rule.lines : undefined
  if (lines !== undefined && lines !== 'all') return `The rule "${fix}" has "lines" other than "all". Leave it out, or use "all".`
  const { reach } = read.kind
  if (reach === 'invalid' && lines === 'all')
    return `The rule "${fix}" cannot be for all lines: it only changes lines that would be rejected, and never a valid one.`
  const fault = reservedFault(read, reach === 'all' || lines === 'all')
  if (fault !== undefined) return fault
  return {
    ...read,
    rule: { fix, ...(lines === 'all' && { lines }) },
    isForAll: reach === 'all' || lines === 'all',
    label: labelOf(fix),
  }
}

const REQUIRED: ReadonlySet<string> = new Set(['_p', '_t'])

/** A rule that makes every valid line invalid, or nonsense, is a mistake. */
function reservedFault({ kindName, argument = '' }: ReadKind, isForAll: boolean): string | undefined {
  const name = namesIn(argument)?.[0] ?? argument
  if (isForAll && REQUIRED.has(name) && (kindName === 'drop' || kindName === 'rename'))
    return `The rule "${kindName}:${argument}" would make every valid line invalid: each line needs ${name}.`
  if (kindName === 'hash' && (name === '_t' || name === '_n'))
    return `The rule "hash:${name}" would hide what happened, or when. Only identities and properties can be hashed.`
  return undefined
}

/** A rule as the report calls it: without a value, which may be that of a person. */
export function labelOf(fix: string): string {
  return /^(?:default|skip|keep):/.test(fix) ? fix.replace(/=.*$/s, '') : fix
}

/** @returns why these rules cannot be used together, in one sentence; undefined if they can */
export function contradiction(rules: readonly ReadRule[]): string | undefined {
  for (const [index, later] of rules.entries())
    for (const earlier of rules.slice(0, index)) {
      const why = conflict(earlier, later)
      if (why !== undefined) return `The rules "${earlier.rule.fix}" and "${later.rule.fix}" contradict each other: ${why}.`
    }
  return undefined
}

function conflict(earlier: ReadRule, later: ReadRule): string | undefined {
  if (earlier.rule.fix === later.rule.fix) return 'they are the same'
  const one = namesOf(earlier)
  const two = namesOf(later)
  const kinds = `${earlier.kindName} ${later.kindName}`
  if (kinds === 'dates dates' && earlier.argument !== undefined && later.argument !== undefined)
    return 'a date without a time zone can have only one'
  if (kinds === 'rename rename') {
    if (one.name === two.name) return 'a property can have only one new name'
    if (one.name === two.value && one.value === two.name) return 'one undoes the other'
  }
  if (kinds === 'default default' && one.name === two.name) return 'a property can have only one default'
  if ((kinds === 'skip keep' || kinds === 'keep skip') && one.name === two.name && one.value === two.value)
    return 'no line is left'
  if (kinds === 'keep keep' && one.name === two.name) return 'no line is left'
  if (earlier.kindName === 'drop' && earlier.isForAll && two.reads === one.name)
    return `"${one.name}" is removed before the second rule can use it`
  if (later.kindName === 'drop' && (earlier.kindName === 'default' || earlier.kindName === 'hash') && two.name === one.name)
    return `"${one.name}" is removed in the end`
  if (later.kindName === 'drop' && earlier.kindName === 'rename' && two.name === one.value)
    return `"${one.value}" is removed in the end`
  return undefined
}

interface RuleNames {
  readonly name: string
  readonly value: string | undefined
  /** The property that the rule needs. */
  readonly reads: string | undefined
}

function namesOf({ kindName, argument = '' }: ReadRule): RuleNames {
  const [name = argument, value] = namesIn(argument) ?? []
  return { name, value, reads: ['dates', 'list', 'default'].includes(kindName) || name === '' ? undefined : name }
}
