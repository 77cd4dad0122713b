import type { Rule } from '../rules/rule.ts'
import { refuseNewer } from '../common/schema.ts'

const IMPORT_RULES_SCHEMA = 'kissmetrics-importer/import-rules/v1'

/** The rules that an import had. It is beside the report, because checkpoints expire, and a report has no values of rules. */
export interface ImportRules {
  readonly schema: typeof IMPORT_RULES_SCHEMA
  readonly rules: readonly Rule[]
}

export function importRulesDocument(rules: readonly Rule[]): ImportRules {
  return { schema: IMPORT_RULES_SCHEMA, rules }
}

/** @param key where it is stored @returns undefined if there is none @throws NewerVersionError */
export function readImportRules(value: unknown, key: string): ImportRules | undefined {
  refuseNewer(value, IMPORT_RULES_SCHEMA, key)
  if (typeof value !== 'object' || value === null || !('schema' in value) || value.schema !== IMPORT_RULES_SCHEMA)
    return undefined
  return 'rules' in value && Array.isArray(value.rules) ? (value as ImportRules) : undefined
}
