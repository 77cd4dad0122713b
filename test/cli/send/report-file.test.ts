import { appendFile, writeFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { readReport, reportFile } from '../../../cli/send/report-file.ts'
import { findFile, type SentFile } from '../../../cli/send/files.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { TestFolder } from './sent-file.ts'

const reportOf = ({ source }: SentFile): Report => ({
  schema: 'kissmetrics-importer/report/v1',
  state: 'complete',
  file: { ...source, bytes: 3 },
  lines: { total: 1, delivered: 1, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 1, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: '2026-01-01T00:00:00.000Z',
  invocations: 1,
  repeatsPossible: 0,
})

test('a report is kept beside its file, until the file changes', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  expect(await readReport(file)).toBeUndefined()
  expect(await reportFile(file).find('', reportKey(file.source))).toBeUndefined()
  await reportFile(file).replace('', '', reportOf(file), undefined)
  expect(await readReport(file)).toEqual(reportOf(file))
  await reportFile(file).replace('', reportKey(file.source), { ...reportOf(file), state: 'failed' }, '')
  expect((await reportFile(file).find('', reportKey(file.source)))?.report.state).toBe('failed')
  await appendFile(file.path, '{}\n')
  expect(await readReport(await findFile(file.path))).toBeUndefined()
})

// prettier-ignore
test.each(['', 'not JSON', '{}', '{"schema":"something else","state":"complete"}'])('a file with %j is not a report', async (content) => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await folder.write('a.jsonl.report.json', content)
  expect(await readReport(file)).toBeUndefined()
})

test('a report of a newer version does not count as missing: the file would be sent twice', async () => {
  await using folder = await TestFolder.create()
  const file = await folder.sentFile('a.jsonl', '{}\n')
  await writeFile(file.reportPath, JSON.stringify({ schema: 'kissmetrics-importer/report/v2' }))
  await expect(readReport(file)).rejects.toThrow(`${file.reportPath} was written by a newer version of the importer.`)
})
