import { expect, test } from '@jest/globals'
import { importRulesOf } from '../../../cli/deployment/import-rules.ts'
import { importRulesKey } from '../../../lambda/keys.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { importRulesDocument } from '../../../lambda/settle/import-rules-document.ts'
import { TestDeployment } from '../rejects/fixtures.ts'

const FILE = { bucket: 'somebody-elses', key: 'exports/a.json', etag: 'e' }

test('the rules of a file in another bucket are in the bucket of the importer, like its report', async () => {
  await using cloud = await TestDeployment.start()
  const report = { file: FILE, fixedBy: { 'ms-timestamps': 3 } } as unknown as Report
  await expect(importRulesOf(report, cloud.deployment)).rejects.toThrow('it is not known in which form its lines were sent')
  const rules = [{ fix: 'ms-timestamps' }]
  await cloud.put(importRulesKey(FILE), JSON.stringify(importRulesDocument(rules)))
  expect(await importRulesOf(report, cloud.deployment)).toEqual(rules)
})
