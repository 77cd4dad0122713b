import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { namedReport } from '../../../cli/console/named-report.ts'
import type { Report } from '../../../lambda/report/report.ts'

const REPORT: Report = {
  schema: 'kissmetrics-importer/report/v1',
  state: 'failed',
  file: { bucket: 'imports', key: 'incoming/events.jsonl', bytes: 1 },
  lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
  commands: { record: 0, set: 0, alias: 0 },
  rejectedBy: {},
  warnings: {},
  startedAt: '2026-11-01T00:00:00.000Z',
  invocations: 1,
  repeatsPossible: 0,
  failure: { reason: 'unsupported_format', detail: 'to convert it, run: npx km-import fix FILE --fix csv' },
}

const commandFor = (report: Report, deployment: Parameters<typeof namedReport>[1]): string | undefined =>
  namedReport(report, deployment).failure?.detail.replace('to convert it, run: ', '')

test('the command for a rejected file names the file as the command takes it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'named-'))
  const local = { watchedDir: folder, deadLettersExpire: false }
  expect(commandFor(REPORT, { deadLettersExpire: true })).toBe('npx km-import fix s3://imports/incoming/events.jsonl --fix csv')
  expect(commandFor(REPORT, local)).toBe('npx km-import fix events.jsonl --fix csv')
  await writeFile(path.join(folder, 'events.jsonl'), 'a\n')
  expect(commandFor(REPORT, local)).toMatch(/^npx km-import fix \S*events\.jsonl --fix csv$/)
})
