import { readFile } from 'node:fs/promises'
import { codeOf, SetupError } from '../../lambda/errors.ts'
import { columnsOf, columnsRule, isColumnsRule } from '../../lambda/rules/columns-rule.ts'
import { readFix, ROWS_TO_LINES } from '../../lambda/rules/fix.ts'
import { readRules } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { readColumns } from '../preview/read-columns.ts'
import { printable } from '../terminal/output.ts'

/** Rules that the user gives for files on this computer. */
export interface GivenRulesFlags {
  /** File with rules. */
  readonly rules?: string
  readonly fix?: readonly string[]
  /** File with a mapping of columns. */
  readonly columns?: string
}

/**
 * Reads the rules for files that are in no bucket: those of `--columns`, then those of `--rules`, then those of `--fix`.
 *
 * @param stored rules that come before the given ones
 * @throws SetupError if a file cannot be read, or a rule cannot be used
 */
export async function readGivenRules(
  { rules: file, fix = [], columns }: GivenRulesFlags,
  stored: readonly Rule[] = [],
): Promise<readonly Rule[]> {
  for (const name of fix) readFix(name)
  const mapping = await readColumns(columns)
  const listed = [...stored, ...(file === undefined ? [] : await readRulesFile(file))]
  const known = mapping ?? columnsOf(listed)
  const anySeparator = fix.includes(ROWS_TO_LINES)
  const given = [
    ...(mapping !== undefined || anySeparator
      ? [columnsRule({ ...(anySeparator && { separator: 'any' }), ...known }), ...listed.filter((rule) => !isColumnsRule(rule))]
      : listed),
    ...fix.filter((name) => name !== ROWS_TO_LINES).map((name): Rule => ({ fix: name })),
  ]
  const fault = readRules(given)
  if (typeof fault === 'string') throw new SetupError(printable(fault))
  return given
}

/** Reads a list of rules, or the rules of one prefix as `rules list --json` writes them. */
async function readRulesFile(name: string): Promise<readonly Rule[]> {
  const shown = printable(name)
  const text = await readFile(name, 'utf8').catch((cause: unknown) => {
    throw new SetupError(`${shown} cannot be read (${codeOf(cause)}). Check the name after --rules.`, { cause })
  })
  const rules = rulesIn(parsed(text))
  if (rules === undefined)
    throw new SetupError(
      `${shown} is not a list of rules. Write, for example, [{"fix": "ms-timestamps"}], or save the rules of a prefix: npx km-import rules list --json > rules.json`,
    )
  if (rules === 'several')
    throw new SetupError(`${shown} has rules for several prefixes. Keep the one prefix whose rules you want to use.`)
  const read = readRules(rules)
  if (typeof read === 'string') throw new SetupError(`${shown} has rules that cannot be used. ${printable(read)}`)
  return rules as readonly Rule[] // the check above allows nothing else
}

function rulesIn(value: unknown): readonly unknown[] | 'several' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return listIn(value)
  if ('rules' in value) return listIn(value.rules)
  const prefixes = 'prefixes' in value ? listIn(value.prefixes) : undefined
  if (prefixes === undefined || prefixes.length > 1) return prefixes && 'several'
  return prefixes.length === 0 ? [] : rulesIn(prefixes[0])
}

function listIn(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}

/** Whether two lists of rules are the same: then they make the same of every line. */
export function areSameRules(some: readonly Rule[], others: readonly Rule[]): boolean {
  return JSON.stringify(some.map(plain)) === JSON.stringify(others.map(plain))
}

function plain({ fix, lines, mapping }: Rule): object {
  return { fix, lines, mapping }
}
