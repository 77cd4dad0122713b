import { rulesFor, type RulesDocument } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { checkPrefix, rulesOfPrefix, withRules } from './changed-rules.ts'
import { readStoredRules, type StoredRules } from './stored-rules.ts'

/** Other rules for a prefix, which are not stored yet. */
export interface RulesChange {
  readonly deployment: Deployment
  readonly prefix: string
  readonly stored: StoredRules
  readonly document: RulesDocument
  /** The rules that the files under the prefix have now: its own, or those of a shorter prefix. */
  readonly before: readonly Rule[]
  readonly after: readonly Rule[]
}

/** @throws SetupError if the stored rules cannot be used, or the importer takes no files under the prefix */
export async function rulesChange(
  deployment: Deployment,
  prefix: string,
  change: (rules: readonly Rule[]) => readonly Rule[],
): Promise<RulesChange> {
  checkPrefix(prefix, deployment.places)
  const stored = await readStoredRules(deployment)
  const document = withRules(stored.document, prefix, change(rulesOfPrefix(stored.document, prefix)))
  return {
    deployment,
    prefix,
    stored,
    document,
    before: rulesFor(stored.document, prefix),
    after: rulesFor(document, prefix),
  }
}

/** Rules that files under the prefix have now, and would not have any more. */
export function lostRules({ before, after }: Pick<RulesChange, 'before' | 'after'>): readonly Rule[] {
  return before.filter(({ fix }) => !after.some((rule) => rule.fix === fix))
}
