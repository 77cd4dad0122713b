import { RULES_SCHEMA, type RulesDocument } from '../../../lambda/rules/rule-set.ts'
import { columnsRule } from '../../../lambda/rules/columns-rule.ts'
import { COLUMNS, CSV_PREFIX } from './csv-rows.ts'
import type { ModelFile } from './model.ts'
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

/** All lines of a file are sent by the rules that its import began with, at every try and every redrive. */
export function checkRules(file: ModelFile, { endpoint }: Observed): void {
  const names = new Set<string>()
  for (const { number } of file.lines)
    for (const request of endpoint.acceptedOf(file.id, number).keys()) {
      const name = /[?&](n\d*)=/.exec(request)?.[1]
      if (name !== undefined) names.add(name)
    }
  expectKept('the rules of an import stay', names.size <= 1, () => `file ${file.id} was sent with ${[...names].join(' and ')}`)
}
