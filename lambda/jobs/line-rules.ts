import { latestTimeFor, type LineRules } from '../parse/line.ts'
import { lineChanges } from '../rules/line-changes.ts'
import type { Rule } from '../rules/rule.ts'

/**
 * Everything that the result of a line depends on, besides its text.
 *
 * @param lastModified when the file was written
 * @param rules the import rules that the import of the file began with
 * @throws SetupError if a rule cannot be used
 */
export function lineRulesFor(lastModified: Date, rules: readonly Rule[] = []): LineRules {
  const changes = lineChanges(rules)
  return { latestTime: latestTimeFor(lastModified), ...(changes !== undefined && { changes }) }
}
