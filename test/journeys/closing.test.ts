import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { reportsOf } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

const KEY = 'incoming/orders.json'
const goodLine = (person: string) => `{"_p":"${person}","_t":1393344604,"_n":"Paid"}`
const badLine = (person: string) => `{"_p":"${person}","_n":"Paid"}`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-closing-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const here = (name: string): string => path.join(folder, name)
const km = (...args: readonly string[]) => runInProcess([...args, '--state-dir', folder])

interface PulledRow {
  readonly line: { readonly _p: string }
  readonly source: { readonly key: string; readonly line: number }
  readonly origin?: { readonly key: string; readonly line: number }
}

async function pull(name: string, ...options: readonly string[]): Promise<readonly PulledRow[]> {
  await km('rejects', 'pull', '-o', here(name), ...options)
  const text = await readFile(here(name), 'utf8')
  return text.split('\n').flatMap((row) => (row === '' ? [] : [JSON.parse(row) as PulledRow]))
}

async function replay(name: string, rows: readonly PulledRow[], fix: (row: PulledRow) => string): Promise<void> {
  const edited = rows.map((row) => JSON.stringify({ ...row, line: JSON.parse(fix(row)) as unknown }))
  await writeFile(here(name), `${edited.join('\n')}\n`)
  expect((await km('rejects', 'replay', here(name), '--yes')).code).toBe(0)
}

async function reportOf({ cloud }: Installation, key: string): Promise<Report> {
  const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: reportsOf(key) }))
  const { Key = '' } = Contents.find(({ Key: each = '' }) => each.endsWith('/report.json')) ?? {}
  const { stdout } = await km('status', key, '--json')
  expect(Key).not.toBe('')
  return JSON.parse(stdout) as Report
}

test('a report ends at zero open lines: seven are fixed, one of them twice, and three are discarded', async () => {
  let isStrict = true
  await using sink = await startFaultSink(({ target }) => (isStrict && target.includes('strict') ? status(413) : TAKEN))
  await using installation = await Installation.start(sink.url)
  await using _announced = await installation.announceIn(folder)
  const people = Array.from({ length: 10 }, (_, index) => `p${index + 1}`)
  const lines = [goodLine('good'), ...people.map(badLine), '']
  const first = await installation.import('orders.json', `${lines.join('\n')}\n`)
  expect(first).toMatchObject({ state: 'complete-with-rejects', rejects: { open: 10, fixed: 0, discarded: 0 } })

  const rejects = async (key = KEY) => {
    await installation.idle()
    const { state, lines: counts, rejects: { open = 0, fixed = 0, discarded = 0 } = {} } = await reportOf(installation, key)
    expect(counts.delivered + fixed + open + discarded + counts.blank).toBe(counts.total)
    return { state, open, fixed, discarded }
  }

  const all = await pull('all.jsonl')
  const fixable = all.filter(({ source }) => source.line <= 8)
  await replay('first.jsonl', fixable, ({ line }) => goodLine(line._p === 'p3' ? 'strict-p3' : line._p))
  expect(await rejects()).toEqual({ state: 'complete-with-rejects', open: 4, fixed: 6, discarded: 0 })
  expect((await km('status')).stdout).toContain(`${KEY}\n  done, 4 lines still open\n`)

  const again = (await pull('again.jsonl', '--key', KEY)).filter(({ source }) => source.key.startsWith('incoming/replays/'))
  expect(again).toMatchObject([{ source: { line: 3 }, origin: { key: KEY, line: 4 } }])
  const replayed = again[0]!.source.key
  expect(await rejects(replayed)).toEqual({ state: 'complete-with-rejects', open: 1, fixed: 0, discarded: 0 })
  isStrict = false
  await replay('second.jsonl', again, () => goodLine('p3'))
  expect(await rejects()).toEqual({ state: 'complete-with-rejects', open: 3, fixed: 7, discarded: 0 })
  expect(await rejects(replayed)).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 1, discarded: 0 })

  const full = (await km('status', KEY)).stdout
  expect(full).toMatch(/\n {2}fixed +7\n {2}discarded +0\n {2}still open +3\n/)
  expect(full).toContain('To fix the 3 lines:\n')
  expect((await km('status', '--csv')).stdout).toMatch(
    /,still open\nincoming\/orders\.json,complete-with-rejects,12,1,10,0,1,[^\n]*,3\n/,
  )
  const discarded = await km('rejects', 'discard', '--key', KEY, '--yes')
  expect(discarded).toMatchObject({ code: 0, stderr: expect.stringContaining('3 dead letters discarded.\n') as unknown })
  expect(discarded.stdout).toMatch(/^archived\/discarded\/[\d-]+\/[\da-f-]+\.jsonl\n$/)
  expect(await rejects()).toEqual({ state: 'complete-after-fixing', open: 0, fixed: 7, discarded: 3 })
  expect((await km('rejects', 'list', '--json')).stdout).toContain('"total": 0')
  expect((await km('status', KEY)).stdout).toContain('done after fixing')
})

test('a line that is redriven as it is, and delivered now, is closed', async () => {
  let isStrict = true
  await using sink = await startFaultSink(({ target }) => (isStrict && target.includes('strict') ? status(413) : TAKEN))
  await using installation = await Installation.start(sink.url)
  await using _announced = await installation.announceIn(folder)
  const lines = [goodLine('a'), goodLine('strict-1'), goodLine('strict-2'), badLine('b')]
  expect(await installation.import('orders.json', lines.join('\n'))).toMatchObject({ rejects: { open: 3 } })
  isStrict = false
  await installation.redrive()
  const report = await eventually('two closed lines', async () => {
    const found = await reportOf(installation, KEY)
    return found.rejects?.fixed === 2 ? found : undefined
  })
  expect(report).toMatchObject({ state: 'complete-with-rejects', rejects: { open: 1, fixed: 2, discarded: 0 } })
})
