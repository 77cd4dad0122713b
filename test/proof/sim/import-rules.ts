import { RULES_SCHEMA, type RulesDocument } from '../../../lambda/rules/rule-set.ts'
import { columnsRule } from '../../../lambda/rules/columns-rule.ts'
import { COLUMNS, CSV_PREFIX } from './csv-rows.ts'
import type { ModelFile, ModelLine } from './model.ts'
import { expectKept, type Observed } from './observed.ts'

/**
 * The rules after the n-th change: they show in every request that has the property. Each third change removes all, except what the columns of
 * CSV files mean. @param change undefined: a person has never changed them
 */
export function rulesAfter(change: number | undefined): RulesDocument {
  const rules = change === undefined || change % 3 === 2 ? [] : [{ fix: `rename:n=n${change}`, lines: 'all' as const }]
  return {
    schema: RULES_SCHEMA,
    prefixes: [
      { prefix: 'incoming/', rules },
      { prefix: CSV_PREFIX, rules: [columnsRule({ columns: COLUMNS }), ...rules] },
    ],
  }
}

/** All lines of a file are sent by the rules that its import began with, at every try and every redrive, also when they were fixed. */
export function checkRules(file: ModelFile, observed: Observed): void {
  if (file.replay !== undefined) return // its lines can be those of several imports
  const names = new Set(file.lines.flatMap((line) => namesSent(file, line, observed)))
  expectKept('the rules of an import stay', names.size <= 1, () => `file ${file.id} was sent with ${[...names].join(' and ')}`)
}

/** What a property is called, in the requests for a line and for those that replace it. */
function namesSent(file: ModelFile, line: ModelLine, observed: Observed): readonly string[] {
  const { endpoint, replacements } = observed
  const own = [...endpoint.acceptedOf(file.id, line.number).keys()].flatMap((request) => /[?&](n\d*)=/.exec(request)?.[1] ?? [])
  const fixed = replacements
    .of(file, line)
    .flatMap((replacement) => replacement.lines.flatMap((each) => namesSent(replacement.file, each, observed)))
  return [...own, ...fixed]
}
