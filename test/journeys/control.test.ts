import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { reportKey } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN, type FaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

const sentLine = (index: number) => `{"_p":"p${index}","_t":1393344604,"_n":"Signed Up"}`
/** Some have no time, some are in milliseconds, which a rule corrects. */
const LINES = Array.from({ length: 20_000 }, (_, index) => {
  if (index % 10 === 9) return '{"_p":"a","_n":"no time"}'
  return index % 3 === 0 ? sentLine(index).replace('1393344604', '1393344604000') : sentLine(index)
})
/** The endpoint refuses some people: more of them than a report names. */
/** Rejected for nothing but its length. The command that reads the file again reads longer lines. */
const TOO_LONG = `{"_p":"p0",${' '.repeat(300_000)}"_t":1393344604,"_n":"Too long"}`

const isRefused = (index: number) => index % 10 === 5

let dir: string
let sink: FaultSink
let installation: Installation
let announced: AsyncDisposable

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'km-control-'))
  sink = await startFaultSink(({ target }) => (isRefused(indexIn(target)) ? status(413) : TAKEN))
  installation = await Installation.start(sink.url, { KM_MAX_LINES_PER_SECOND: '500', KM_SEGMENT_BYTES: '600000' })
  announced = await installation.announceIn(dir)
})

afterAll(async () => {
  await announced[Symbol.asyncDispose]()
  await installation[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

const run = (...words: readonly string[]) => runInProcess([...words, '--state-dir', dir])

async function upload(
  name: string,
  lines: readonly string[] = LINES,
): Promise<{ readonly key: string; readonly versionId: string }> {
  const key = `incoming/${name}`
  const { VersionId: versionId = '' } = await installation.cloud.s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: lines.join('\n') }),
  )
  return { key, versionId }
}

const indexIn = (target: string) => Number(/_p=p(\d+)/.exec(target)?.[1])

/** The lines whose requests were accepted since. */
const sentSince = (before: number) => {
  const indices = sink.seen.slice(before).map(({ target }) => indexIn(target))
  return indices.filter((index) => !isRefused(index)).map(sentLine)
}

const requestsAfter = (before: number, count: number) =>
  eventually(`${count} requests`, () => Promise.resolve(sink.seen.length - before >= count ? true : undefined))

// brake.test.ts shows how soon a running import stops.
test('a wrong file is cancelled, and the lines that were sent are listed exactly', async () => {
  expect(await run('rules', 'add', 'incoming/', 'ms-timestamps', '--yes')).toMatchObject({ code: 0 })
  const before = sink.seen.length
  const { key, versionId } = await upload('wrong.json')
  await requestsAfter(before, 400)
  const output = path.join(dir, 'sent.jsonl')
  const cancelled = await run('cancel', key, '--yes', '-o', output)
  expect(cancelled.stderr).toContain('that Kissmetrics has accepted.\n')
  expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringContaining('cancelled') as unknown })
  const listed = (await readFile(output, 'utf8')).trim().split('\n')
  const report = await installation.finalReport(key, versionId)
  expect(listed.length).toBeLessThan(LINES.length * 0.9)
  expect(listed.toSorted()).toEqual(sentSince(before).toSorted())
  expect(report).toMatchObject({ state: 'cancelled', lines: { delivered: listed.length }, cancelled: { unsure: [] } })
  expect(report.lines.undeliverable).toBeGreaterThan(20)
  expect(report.segments?.length).toBeGreaterThan(1)
  await installation.idle()
  expect(sentSince(before)).toHaveLength(listed.length)

  // The same command shows it again, and a new upload is a new import.
  expect(await run('cancel', key, '--json')).toMatchObject({
    code: 0,
    stdout: `${JSON.stringify(report, null, 2)}\n`,
    stderr: `To get the lines that were sent: npx km-import cancel ${key} -o sent.jsonl --state-dir ${dir}\n`,
  })
  expect((await run('status', key)).stdout).toContain(`npx km-import cancel ${key} -o sent.jsonl --state-dir ${dir}\n`)
  await installation.import('wrong.json', LINES[0]!)
  expect(await run('cancel', key, '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has ended (done)') as unknown,
  })
})

test('all imports pause, and continue where they were', async () => {
  const before = sink.seen.length
  const { key, versionId } = await upload('right.json')
  const findReport = () => installation.findReport(reportKey({ bucket: BUCKET, key, versionId }))
  await requestsAfter(before, 100)
  expect(await run('pause')).toMatchObject({ code: 0, stderr: expect.stringContaining('All imports are paused.') as unknown })
  await eventually('a report that says so', async () => ((await findReport())?.paused === undefined ? undefined : true))
  await eventually('no running invocation', () => Promise.resolve(installation.isIdle ? true : undefined))
  const sent = sink.seen.length
  expect(await run('pause')).toMatchObject({ code: 0, stderr: expect.stringContaining('were paused already') as unknown })
  expect((await run('status', key)).stdout).toContain('paused')
  const status = JSON.parse((await run('status', '--json')).stdout) as { paused?: object; files: readonly Report[] }
  expect(status).toMatchObject({ paused: { since: expect.any(String) as unknown }, files: [{}, {}, { state: 'importing' }] })
  expect(sink.seen).toHaveLength(sent)
  expect(await run('resume')).toMatchObject({ code: 0, stderr: 'Imports continue within about a minute.\n' })
  expect(await run('resume')).toMatchObject({ code: 0, stderr: 'Imports were not paused.\n' })
  // Cancelling wakes the messages that wait, so that this test need not wait for a minute.
  expect(await run('cancel', key, '--yes')).toMatchObject({ code: 0 })
})

test('a limit is shown, and ends', async () => {
  const text = 'All imports together send at most 500 lines a second.'
  expect(await run('limit', '500/s')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(text) as unknown })
  expect((await run('status')).stdout).toContain(`${text}\n  To end the limit: npx km-import limit off --state-dir ${dir}\n`)
  expect(JSON.parse((await run('limit', '20', '--json')).stdout)).toMatchObject({ limit: { linesPerSecond: 20 } })
  expect((await run('limit', 'off')).stderr).toContain('There is no limit for all imports together.')
  expect((await run('status')).stdout).not.toContain('limit')
})

test('a line that was rejected for its length is not listed as sent', async () => {
  const accepted = LINES.filter((_, index) => !isRefused(index))
  const before = sink.seen.length
  const { key } = await upload('long.json', [TOO_LONG, ...accepted])
  await requestsAfter(before, 100)
  const output = path.join(dir, 'sent-of-long.jsonl')
  expect(await run('cancel', key, '--yes', '-o', output)).toMatchObject({ code: 0 })
  expect((await readFile(output, 'utf8')).trim().split('\n').toSorted()).toEqual(sentSince(before).toSorted())
})

test.each([
  [
    'a file that does not exist',
    ['cancel', 'incoming/no-such.json', '--yes'],
    'There is no file "incoming/no-such.json" in the bucket',
  ],
  [
    'a version that does not exist',
    ['cancel', 'wrong.json', '--version', 'x', '--yes'],
    'There is no version "x" of a file "wrong.json"',
  ],
])('%s cannot be cancelled', async (_what, words, message) => {
  expect(await run(...words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) as unknown })
})
