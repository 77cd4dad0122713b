import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ImportSummary } from '../../../../cli/console/api-types.ts'
import {
  currentImports,
  expectedImports,
  expectImport,
  findExpected,
  importId,
  stopExpecting,
} from '../../../../cli/console/page/expected-imports.ts'
import { overview } from '../../../../cli/console/page/overview.ts'

const KEY = 'incoming/may.jsonl'

function summary(id: string, startedAt: string, key = KEY): ImportSummary {
  return { id, report: { file: { key }, startedAt } as ImportSummary['report'] }
}

const OLD = summary('reports/may/1', '2026-05-01T00:00:00Z')

function list(...imports: readonly ImportSummary[]) {
  return {
    deployment: 'this computer',
    target: {},
    waiting: { messages: 0, deadLetters: 0 },
    imports,
    newer: [],
    total: imports.length,
  }
}

beforeEach(() => {
  overview.value = list(OLD)
  expectedImports.value = new Map()
})

describe('the import of an uploaded file is found in the overview', () => {
  // prettier-ignore
  test.each<[string, readonly ImportSummary[], string | undefined]>([
    // the overview lists                            imports                                                       found
    [ 'only the earlier import of the same name',    [OLD],                                                        undefined ],
    [ 'a new version',                               [summary('reports/may/2', '2026-05-02T00:00:00Z'), OLD],      'reports/may/2' ],
    [ 'the same version, started again',             [summary('reports/may/1', '2026-05-02T00:00:00Z')],           'reports/may/1' ],
    [ 'another file',                                [summary('reports/x/1', '2026-05-02T00:00:00Z', 'incoming/x.json')], undefined ],
  ])('%s', (_, imports, found) => {
    expectImport(KEY, 3, currentImports())
    expect(findExpected(list(...imports), KEY, expectedImports.value.get(KEY)!)?.id).toBe(found)
  })

  test('until the page stops expecting it', () => {
    expectImport(KEY, undefined)
    stopExpecting(KEY)
    expect(expectedImports.value.size).toBe(0)
  })
})

test('the id of an import tells two runs of the same version apart', () => {
  expect(importId(OLD)).not.toBe(importId(summary(OLD.id, '2026-05-02T00:00:00Z')))
})
