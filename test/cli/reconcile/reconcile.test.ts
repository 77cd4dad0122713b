import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compare } from '../../../cli/reconcile/compare.ts'
import { readExportFolder } from '../../../cli/reconcile/export-folder.ts'
import { localFiles } from '../../../cli/reconcile/imported-files.ts'
import type { ReconcileSummary } from '../../../cli/reconcile/summary.ts'
import { startFaultSink } from '../../support/fault-sink.ts'
import { runInProcess } from '../../support/in-process.ts'
import { Installation } from '../../support/installation.ts'

const DAY = 1_393_286_400

interface Exported {
  readonly revisions: readonly (readonly string[])[]
  readonly index?: string
  readonly status?: string
}

/** Writes an export as Kissmetrics lays it out. @returns the folder, and a file beside it */
async function exportWith({ revisions, index, status }: Exported, sent: readonly string[] = []) {
  const folder = await mkdtemp(path.join(tmpdir(), 'km-reconcile-'))
  const exported = path.join(folder, 'export')
  await mkdir(path.join(exported, 'revisions'), { recursive: true })
  for (const [at, lines] of revisions.entries())
    await writeFile(path.join(exported, 'revisions', `${at + 1}.json`), lines.map((line) => `${line}\n`).join(''))
  if (index !== undefined) await writeFile(path.join(exported, 'index.csv'), index)
  if (status !== undefined) await writeFile(path.join(exported, 'status.csv'), status)
  const file = path.join(folder, 'sent.jsonl')
  await writeFile(file, sent.map((line) => `${line}\n`).join(''))
  return { exported, file, output: path.join(folder, 'missing.jsonl') }
}

async function reconciled(exported: Exported, sent: readonly string[]) {
  const { exported: folder, file, output } = await exportWith(exported, sent)
  const { code, stdout, stderr } = await runInProcess(['reconcile', folder, file, '--json', '-o', output])
  if (code === 2) throw new Error(stderr)
  const missing = await readFile(output, 'utf8').catch(() => '')
  return { code, summary: JSON.parse(stdout) as ReconcileSummary, missing: missing.split('\n').slice(0, -1) }
}

// prettier-ignore
describe('a line that was sent', () => {
  test.each([
    //  what                                          sent                                                        in the export                                                                 found
    [ 'as it was sent, with Kissmetrics’ own columns', '{"_p":"a","_t":1393344604,"_n":"Visited"}',                '{"_p":"a","_t":1393344604,"_n":"Visited","_c":"x","_server_timestamp":1393344700}', true  ],
    [ 'with a letter as octal escapes',               '{"_p":"zoé","_t":1393344604,"_n":"Visited"}',              String.raw`{"_p":"zo\303\251","_t":1393344604,"_n":"Visited"}`,                        true  ],
    [ 'with a comma that Kissmetrics replaces',       '{"_p":"a,b","_t":1393344604,"_n":"Visited"}',              '{"_p":"a b","_t":1393344604,"_n":"Visited"}',                                         true  ],
    [ 'with a name in other capitals',                '{"_p":"a","_t":1393344604,"_n":"Signed Up"}',              '{"_p":"a","_t":1393344604,"_n":"signed up"}',                                         true  ],
    [ 'with another value, of which the first counts','{"_p":"a","_t":1393344604,"_n":"Visited","plan":"pro"}',   '{"_p":"a","_t":1393344604,"_n":"Visited","plan":"free"}',                             true  ],
    [ 'an alias in the other order',                  '{"_p":"a","_t":1393344604,"_p2":"b"}',                     '{"_p":"b","_t":1393344999,"_p2":"a"}',                                                true  ],
    [ 'properties on two lines',                      '{"_p":"a","_t":1393344604,"x":"1","y":"2"}',               '{"_p":"a","_t":1393344604,"x":"1"}\n{"_p":"a","_t":1393344604,"y":"2"}',                true  ],
    [ 'one of its properties is missing',             '{"_p":"a","_t":1393344604,"x":"1","y":"2"}',               '{"_p":"a","_t":1393344604,"x":"1"}',                                                  false ],
    [ 'at another second',                            '{"_p":"a","_t":1393344604,"_n":"Visited"}',                '{"_p":"a","_t":1393344605,"_n":"Visited"}',                                           false ],
    [ 'of another person',                            '{"_p":"a","_t":1393344604,"_n":"Visited"}',                '{"_p":"A","_t":1393344604,"_n":"Visited"}',                                           false ],
    [ 'with its event, without its alias',            '{"_p":"a","_t":1393344604,"_n":"Visited","_p2":"b"}',      '{"_p":"a","_t":1393344604,"_n":"Visited"}',                                           false ],
  ])('%s', async (_what, sent, exported, isFound) => {
    const { code, summary, missing } = await reconciled({ revisions: [[exported]] }, [sent])
    expect({ code, lines: summary.missing.lines, missing }).toEqual(
      isFound ? { code: 0, lines: 0, missing: [] } : { code: 1, lines: 1, missing: [sent] },
    )
  })
})

test('counts by event and day, the events with most missing first', async () => {
  const line = (person: number, day: number, event: string) =>
    JSON.stringify({ _p: `p${person}`, _t: DAY + day * 86_400, _n: event })
  const sent = [line(1, 0, 'A'), line(2, 0, 'B'), line(3, 0, 'B'), line(4, 1, 'B'), 'not a line', '']
  const { summary } = await reconciled({ revisions: [[line(1, 0, 'A')], [line(4, 1, 'B')]] }, sent)
  expect(summary.events).toEqual([
    {
      kind: 'record',
      event: 'B',
      sent: 3,
      found: 1,
      days: [
        { day: '2014-02-25', sent: 2, found: 0 },
        { day: '2014-02-26', sent: 1, found: 1 },
      ],
    },
    { kind: 'record', event: 'A', sent: 1, found: 1, days: [{ day: '2014-02-25', sent: 1, found: 1 }] },
  ])
})

test('what the export cannot show is not called missing', async () => {
  const index = `Filename,Minimum Timestamp,Maximum Timestamp\n1.json,${DAY},${DAY + 9}\n2.json,${DAY + 5},${DAY + 20}\n`
  const status = 'Total Revisions,Exported Revisions\n5,2\n'
  const at = (time: number) => JSON.stringify({ _p: 'a', _t: time, _n: 'Visited' })
  const { summary, missing } = await reconciled({ revisions: [[at(DAY), 'cut {']], index, status }, [
    at(DAY - 1),
    at(DAY),
    at(DAY + 20),
    at(DAY + 21),
  ])
  expect({ outside: summary.outside, missing }).toEqual({ outside: 2, missing: [at(DAY + 20)] })
  expect(summary.export).toEqual({ files: 1, lines: 2, unreadable: 1, waiting: 3, first: DAY, last: DAY + 20 })
})

test('an export that does not fit into memory gives the same result, in several passes', async () => {
  const command = fc.record({
    _p: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    _t: fc.integer({ min: DAY, max: DAY + 9 }),
    kind: fc.constantFrom<Record<string, string>>(
      { _n: 'A' },
      { _n: 'B' },
      { x: '1', y: '2' },
      { y: '3' },
      { _p2: 'q' },
      { _n: 'A', _p2: 'r' },
    ),
  })
  const lines = fc.array(
    command.map(({ kind, ...rest }) => JSON.stringify({ ...rest, ...kind })),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(lines, lines, async (exported, sent) => {
      const { exported: folder, file } = await exportWith({ revisions: [exported] }, sent)
      const files = await localFiles([file], [])
      const once = await compare(await readExportFolder(folder), files)
      const inPasses = await compare(await readExportFolder(folder), files, { maxKept: 7 })
      const byName = ({ kind, event = '' }: { readonly kind: string; readonly event?: string }) => `${kind} ${event}`
      const sorted = (events: typeof once.events) => events.toSorted((a, b) => byName(a).localeCompare(byName(b)))
      expect(sorted(inPasses.events)).toEqual(sorted(once.events))
      expect(inPasses.missing).toEqual(once.missing)
    }),
    { numRuns: 30 },
  )
})

test('compressed revisions, without the folder of the export around them', async () => {
  const { exported, file } = await exportWith({ revisions: [] }, ['{"_p":"a","_t":1393344604,"_n":"Visited"}'])
  await writeFile(path.join(exported, 'revisions', '7.json.gz'), gzipSync('{"_p":"a","_t":1393344604,"_n":"Visited"}\n'))
  const { code, stdout } = await runInProcess(['reconcile', path.join(exported, 'revisions'), file])
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Everything that was sent is in the export.'),
  })
})

test('compares with all files that an importer has imported, and lists what is missing for sending it again', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  const stateDir = await mkdtemp(path.join(tmpdir(), 'km-reconcile-state-'))
  await using _announced = await installation.announceIn(stateDir)
  const line = (n: number) => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up"}`
  await installation.import('one.json', `${line(1)}\n${line(2)}\n`)
  await installation.import('two.json', `${line(3)}\n{"_p":"p4"}\n`)
  // What rules have changed is compared and listed as it was sent, also if the rules are gone.
  const rules = async (...args: readonly string[]) => {
    expect(await runInProcess(['rules', ...args, '--yes', '--state-dir', stateDir])).toMatchObject({ code: 0 })
  }
  const withPlan = (n: number, time: string) => `{"_p":"p${n}","_t":${time},"_n":"Signed Up","plan":"Pro"}\n`
  await rules('add', 'incoming/', 'ms-timestamps')
  await rules('add', 'incoming/', 'drop:plan', '--all-lines')
  await installation.import('three.json', withPlan(5, '1393344604000') + withPlan(6, '1393344604000') + withPlan(7, '1393344604'))
  await rules('remove', 'incoming/')
  const { exported, output } = await exportWith({ revisions: [[line(1), line(3), line(5)]] })
  const { code, stdout } = await runInProcess(['reconcile', exported, '--state-dir', stateDir, '-o', output])
  expect({ code, missing: (await readFile(output, 'utf8')).trim().split('\n').toSorted() }).toEqual({
    code: 1,
    missing: [2, 6, 7].map(line),
  })
  expect(stdout).toContain('3 lines not in the export.\n')
  expect(stdout).toContain(`  npx km-import send ${output}\n`)
})

test('compares a file on this computer by the rules that it was sent with', async () => {
  const line = (n: number) => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up"}`
  const { exported, file, output } = await exportWith(
    { revisions: [[line(1)]] },
    [1, 2].map((n) => line(n).replace('04,', '04000,')),
  )
  const args = ['reconcile', exported, file, '-o', output]
  expect(await runInProcess([...args, '--fix', 'ms-timestamps'])).toMatchObject({ code: 1 })
  expect(await readFile(output, 'utf8')).toBe(`${line(2)}\n`)
  expect(await runInProcess(['reconcile', exported, '--fix', 'ms-timestamps'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Use --rules, --fix and --columns only with FILE.') as unknown,
  })
})

test('a file for the missing lines that exists stops it before anything is compared, and is kept', async () => {
  const { exported, file, output } = await exportWith({ revisions: [['{"_p":"a","_t":1393344604,"_n":"x"}']] })
  await writeFile(output, 'mine')
  const { code, stdout, stderr } = await runInProcess(['reconcile', exported, file, '-o', output])
  expect({ code, stdout, kept: await readFile(output, 'utf8') }).toEqual({ code: 2, stdout: '', kept: 'mine' })
  expect(stderr).toContain(`${output} exists, and the missing lines would be written there. Delete it, or choose another name`)
})

// prettier-ignore
test.each([
  //  what                       folder                                 message
  [ 'no folder',                 () => Promise.resolve(path.join(tmpdir(), 'km-none')), /km-none cannot be read: there is no such folder\. Name the folder of a Kissmetrics data export\./ ],
  [ 'a folder of other files',   async () => (await exportWith({ revisions: [] })).exported, /has no files of a Kissmetrics data export\. Copy the folder "revisions"/ ],
])('%s', async (_what, folder, message) => {
  const { code, stderr } = await runInProcess(['reconcile', await folder(), '/dev/null'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
})
