import { describe, expect, test } from '@jest/globals'
import { NewerVersionError } from '../../../lambda/errors.ts'
import type { Rule } from '../../../lambda/rules/rule.ts'
import { importRulesDocument, readImportRules } from '../../../lambda/settle/import-rules-document.ts'

const RULES: readonly Rule[] = [{ fix: 'ms-timestamps' }, { fix: 'rename:email=_p', lines: 'all' }]
const STORED = importRulesDocument(RULES)

test.each([
  ['with rules', STORED],
  ['without rules', importRulesDocument([])],
])('the document of an import %s is read again', (_what, document) => {
  expect(readImportRules(JSON.parse(JSON.stringify(document)), 'key')).toEqual(document)
})

describe('an import has no rules if the document', () => {
  // prettier-ignore
  test.each([
    [ 'does not exist',      undefined ],
    [ 'is null',             null ],
    [ 'is of another kind',  { ...STORED, schema: 'kissmetrics-importer/report/v1' } ],
    [ 'has none',            { schema: STORED.schema } ],
    [ 'has others',          { ...STORED, rules: {} } ],
  ])('%s', (_what, value) => {
    expect(readImportRules(value, 'key')).toBeUndefined()
  })
})

test('a document of a newer version is an error, because lines would be sent without their rules', () => {
  const newer = { ...STORED, schema: STORED.schema.replace('v1', 'v2') }
  expect(() => readImportRules(newer, 'reports/a/rules.json')).toThrow(new NewerVersionError('reports/a/rules.json'))
})
