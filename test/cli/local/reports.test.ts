import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { ReportFollower } from '../../../cli/local/reports.ts'
import { startLocalServices, type LocalServices } from '../../../cli/local/services.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { TEST_WIRING } from '../../support/installation.ts'

let folder: string
let services: LocalServices
let problems: string[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-reports-'))
  services = await startLocalServices(path.join(folder, 'state'), 0, TEST_WIRING)
  problems = []
})
afterEach(async () => {
  await services.stop()
  await rm(folder, { recursive: true })
})

const put = (Key: string, Body: string) => services.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
const report = (state: string) => JSON.stringify({ schema: 'kissmetrics-importer/report/v1', state, lines: {} })
const follow = (copies = path.join(folder, 'reports')) =>
  new ReportFollower(services, { folder: copies, onProblem: (problem) => problems.push(problem) })

test('each change is returned once, with a copy on disk', async () => {
  const reports = follow()
  await put('reports/incoming/a.json/1/report.json', report('importing'))
  expect((await reports.changes()).map(({ report: { state } }) => state)).toEqual(['importing'])
  expect(await reports.changes()).toEqual([])
  await put('reports/incoming/a.json/1/report.json', report('complete'))
  const [changed] = await reports.changes()
  expect(JSON.parse(await readFile(changed?.file ?? '', 'utf8'))).toMatchObject({ state: 'complete' })
})

test('the reports of earlier runs are known, and not returned', async () => {
  await put('reports/incoming/a.json/1/report.json', report('complete'))
  const reports = follow()
  await reports.skipEarlier()
  expect(await reports.changes()).toEqual([])
  expect([...reports.states.values()]).toEqual(['complete'])
})

test.each([
  ['text', 'not JSON'],
  ['another document', '{"state":"complete"}'],
  ['a list', '[]'],
])('an object under reports/ that is not a report is skipped with one line: %s', async (_what, content) => {
  await put('reports/notes.json', content)
  await put('reports/incoming/a.json/1/report.json', report('complete'))
  const reports = follow()
  expect(await reports.changes()).toHaveLength(1)
  expect(await reports.changes()).toEqual([])
  expect(problems).toEqual([
    'reports/notes.json is not a report, so it is skipped. Delete it: only the importer writes under reports/',
  ])
})

test.each([
  ['89 bytes, 257 when percent-encoded', `${'名'.repeat(28)}.json`],
  ['a long ASCII name', `${'x'.repeat(300)}.json`],
  ['parts that a path must not have', '../..//./a.json'],
])('any name of a file becomes a path: %s', async (_what, name) => {
  await put(reportKey({ bucket: BUCKET, key: `incoming/${name}`, versionId: 'v' }), report('complete'))
  const [changed] = await follow().changes()
  expect(changed?.file?.startsWith(path.join(folder, 'reports', 'incoming') + path.sep)).toBe(true)
  expect(JSON.parse(await readFile(changed?.file ?? '', 'utf8'))).toMatchObject({ state: 'complete' })
  expect(problems).toEqual([])
})

test('a report that cannot be copied is one line, and is returned without a copy', async () => {
  const copies = path.join(folder, 'file')
  await writeFile(copies, '')
  await put('reports/incoming/a.json/1/report.json', report('complete'))
  expect(await follow(copies).changes()).toMatchObject([{ report: { state: 'complete' }, file: undefined }])
  expect(problems).toEqual([
    expect.stringMatching(
      /^reports\/incoming\/a\.json\/1\/report\.json could not be copied to .* \(\w+\)\. It is in the bucket\.$/,
    ),
  ])
})

test('many reports are written as one JSON array', async () => {
  const keys = ['a', 'b'].map((name) => `reports/incoming/${name}.json/1/report.json`)
  for (const key of keys) await put(key, report('complete'))
  const written: string[] = []
  const output = { write: (text: string) => written.push(text) > 0 }
  await follow().write(keys, output)
  await follow().write([], output)
  expect(
    written
      .join('')
      .split('\n]\n')
      .map((text) => JSON.parse(text.startsWith('[]') ? text : `${text}]`) as unknown[])
      .map(({ length }) => length),
  ).toEqual([2, 0])
})

test('a report of a newer version is skipped with one line, and the import counts as unfinished', async () => {
  await put('reports/incoming/a.json/1/report.json', report('complete').replace('/v1', '/v2'))
  const reports = follow()
  expect([await reports.changes(), await reports.changes(), reports.states.size]).toEqual([[], [], 0])
  expect(problems).toEqual([
    'reports/incoming/a.json/1/report.json was written by a newer version of the importer. Use that version again, or a later one.',
  ])
})
