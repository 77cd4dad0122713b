import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { toEntry, type Entry } from '../../../lambda/parse/entry.ts'
import { diagnoseFile } from '../../../lambda/parse/diagnose.ts'
import { openLines } from '../../../lambda/read/lines.ts'
import { REASONS } from '../../../lambda/reasons.ts'
import { KEY, RULES } from './outcome.ts'

const README = readFileSync('examples/README.md', 'utf8')

async function entriesOf(name: string): Promise<Entry[]> {
  const body = Readable.from([readFileSync(path.join('examples', name))], { objectMode: false })
  const entries: Entry[] = []
  const { batches } = await openLines(body, { maxLineBytes: 262_144 })
  for await (const lines of batches) for (const line of lines) entries.push(toEntry(line, RULES, KEY))
  return entries
}

/** `sent`, `blank` or the reason, as in the README. */
const resultOf = (entry: Entry): string =>
  entry.kind === 'ready' ? 'sent' : entry.kind === 'blank' ? 'blank' : `\`${entry.rejection.reason}\``

const countOf = (entries: readonly Entry[], kind: Entry['kind']): number => entries.filter((entry) => entry.kind === kind).length

const totalsOf = (entries: readonly Entry[]): string =>
  [entries.length, countOf(entries, 'ready'), countOf(entries, 'rejected'), countOf(entries, 'blank')].join(' | ')

describe('the examples of Kissmetrics’ page', () => {
  test('valid.json is valid', async () => {
    expect((await entriesOf('valid.json')).map(resultOf)).toEqual(['sent', 'sent', 'sent', 'sent'])
  })

  test('invalid.json is not line-delimited JSON', async () => {
    const entries = await entriesOf('invalid.json')
    expect(entries.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'rejected'))
    expect(
      diagnoseFile(
        entries.map(({ line }) => ({ text: line.text })),
        true,
      )?.reason,
    ).toBe('not_line_delimited_json')
  })
})

describe('every-reason.jsonl', () => {
  let entries: Entry[]
  beforeAll(async () => {
    entries = await entriesOf('every-reason.jsonl')
  })

  test('contains every reason for rejecting a line', () => {
    const met = new Set(entries.flatMap((entry) => (entry.kind === 'rejected' ? [entry.rejection.reason] : [])))
    const expected = Object.entries(REASONS).flatMap(([code, { level }]) => (level === 'line' ? [code] : []))
    expect([...met].sort()).toEqual(expected.sort())
  })

  test('has the results in the README, line by line', () => {
    const documented = Array.from(README.matchAll(/^\| (\d+) \| (\S+) \| .+\|$/gm), ([, number, end]) => `${number} ${end}`)
    expect(entries.map((entry) => `${entry.line.number} ${resultOf(entry)}`)).toEqual(documented)
    expect(README).toContain(`| ${totalsOf(entries)} |`)
  })
})

describe('mixed-50000.jsonl.gz', () => {
  let entries: Entry[]
  beforeAll(async () => {
    entries = await entriesOf('mixed-50000.jsonl.gz')
  })

  test('has the counts in the README', () => {
    expect(README).toContain(`| ${totalsOf(entries)} |`)
    const documented = new Map(
      Array.from(README.matchAll(/^\| (`\w+`) \| (\d+) \|$/gm), ([, reason, count]) => [reason, Number(count)] as const),
    )
    const met = new Map<string | undefined, number>()
    for (const entry of entries) if (entry.kind === 'rejected') met.set(resultOf(entry), (met.get(resultOf(entry)) ?? 0) + 1)
    expect(met).toEqual(documented)
  })

  test('makes as many commands as the README says', () => {
    const counts = { record: 0, set: 0, alias: 0 }
    for (const entry of entries) if (entry.kind === 'ready') for (const { kind } of entry.parsed.commands) counts[kind] += 1
    expect(README).toContain(`${counts.record} \`record\`, ${counts.set} \`set\` and ${counts.alias} \`alias\` commands`)
  })

  test('has no two lines with the same time, so that Kissmetrics counts each', () => {
    const times = entries.flatMap((entry) => (entry.kind === 'ready' ? [entry.parsed.time] : []))
    expect(new Set(times).size).toBe(times.length)
  })

  test('is small enough for the repository', () => {
    expect(readFileSync('examples/mixed-50000.jsonl.gz').length).toBeLessThan(1_500_000)
  })
})

describe('the programs generate the files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'examples-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  const decompressed = (bytes: Buffer): Buffer => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes)

  test.each([
    ['make-every-reason.ts', 'every-reason.jsonl'],
    ['make-mixed.ts', 'mixed-50000.jsonl.gz'],
  ])('%s generates %s', (program, name) => {
    const made = path.join(folder, name)
    execFileSync(process.execPath, [path.join('examples', program), made])
    // Not toEqual, because its message would be as long as the files.
    expect(decompressed(readFileSync(made)).equals(decompressed(readFileSync(path.join('examples', name))))).toBe(true)
  })
})
