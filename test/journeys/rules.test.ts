import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { RULES_KEY } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, status, TAKEN } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

const LINES = 300

/** A daily export: one time of a hundred is in milliseconds. */
function daily(day: number): string {
  return Array.from({ length: LINES }, (_, index) => {
    const seconds = 1_393_344_604 + day * 86_400 + index
    return `{"_p":"p${index}","_t":${index % 100 === 50 ? seconds * 1000 : seconds},"_n":"Signed Up"}\n`
  }).join('')
}

test('a mistake of every day is fixed once by a rule, and not again', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  const stateDir = await mkdtemp(path.join(tmpdir(), 'km-rules-'))
  await using _announced = await installation.announceIn(stateDir)
  const rules = (...args: readonly string[]) => runInProcess(['rules', ...args, '--state-dir', stateDir])

  expect(await installation.import('daily/1.jsonl', daily(1))).toMatchObject({
    state: 'complete-with-rejects',
    lines: { delivered: 297, rejected: 3 },
  })
  expect(await rules('list')).toMatchObject({
    code: 0,
    stdout: `No import rules. To add one, run: npx km-import rules add incoming/daily/ ms-timestamps --state-dir ${stateDir}\n`,
  })

  const SHOWN = 'Of 300 lines in the last 1 file: 3 rejected now, 0 with this; 297 unchanged; 0 valid lines change.\n'
  expect(await rules('preview', 'incoming/daily/', 'ms-timestamps')).toMatchObject({ code: 0, stdout: SHOWN })
  expect((await rules('list')).stdout).toContain('No import rules')
  // Without a terminal and without --yes, nothing is saved.
  expect(await rules('add', 'incoming/daily/', 'ms-timestamps')).toMatchObject({ code: 2, stdout: SHOWN })
  expect((await rules('list')).stdout).toContain('No import rules')
  expect(await rules('add', 'incoming/daily/', 'ms-timestamps', '--yes')).toMatchObject({ code: 0, stdout: SHOWN })

  expect(await installation.import('daily/2.jsonl', daily(2))).toMatchObject({
    state: 'complete',
    lines: { total: 300, delivered: 300 },
    fixedBy: { 'ms-timestamps': 3 },
  })
  expect(await installation.import('other/2.jsonl', daily(2))).toMatchObject({ lines: { rejected: 3 } })

  const preview = async (...args: readonly string[]) => {
    const local = path.join(stateDir, 'tomorrow.jsonl')
    await writeFile(local, daily(3))
    const { stdout } = await runInProcess(['preview', local, '--json', '--state-dir', stateDir, ...args])
    return JSON.parse(stdout) as object
  }
  expect(await preview('--rules-of', 'incoming/daily/tomorrow.jsonl')).toMatchObject({
    lines: { valid: 300, rejected: 0 },
    fixedBy: { 'ms-timestamps': 3 },
  })
  expect(await preview('--rules-of', 'incoming/other/')).toMatchObject({ lines: { rejected: 3 } })

  await writeFile(path.join(stateDir, 'crm.json'), '{"columns":{"Mail":"_p","When":"_t","What":"_n"},"separator":";"}')
  const CRM = 'When;Mail;What\n1393344604;bob;Signed up\n1393344604000;ann;Signed up\n'
  expect(await installation.import('crm/1.csv', CRM)).toMatchObject({ state: 'failed' })
  const columns = ['--columns', path.join(stateDir, 'crm.json')]
  expect(await rules('add', 'incoming/crm/', 'ms-timestamps', ...columns, '--yes')).toMatchObject({
    code: 0,
    stdout: 'Of 3 lines in the last 1 file: 3 rejected now, 0 with this; 0 unchanged; 0 valid lines change.\n',
  })
  expect((await rules('list')).stdout).toContain('incoming/crm/\n  columns  Mail = _p, When = _t, What = _n\n  ms-timestamps\n')
  expect(await installation.import('crm/2.csv', CRM)).toMatchObject({ state: 'complete', lines: { delivered: 2, blank: 1 } })
  expect(await rules('remove', 'incoming/crm/', '--yes')).toMatchObject({ code: 0 })

  expect(await rules('add', 'incoming/daily/', 'drop:plan', 'skip:_n=Signed Up', '--yes', '--all-lines', '--json')).toMatchObject(
    { code: 0, stdout: expect.stringContaining('"skipped": 600') as unknown },
  )
  expect(await rules('list')).toMatchObject({
    stdout: 'incoming/daily/\n  ms-timestamps\n  drop:plan  (all lines)\n  skip:_n=Signed Up  (all lines)\n',
  })
  expect(await rules('remove', 'incoming/daily/', 'skip:_n=Signed Up', '--yes')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('no longer apply to files under incoming/daily/: skip:_n=Signed Up.') as unknown,
  })
  // Valid lines must not become invalid, whatever is answered to the question.
  const VALID = 'Of 600 lines in the last 2 files: 0 rejected now, 600 with this; 0 unchanged; 0 valid lines change; 600 valid lines become invalid.\n' // prettier-ignore
  const LINES_OF_2 = [1, 2, 3, 4, 5].map((line) => `  incoming/daily/2.jsonl, line ${line}: nothing_to_import\n`).join('')
  const SHOWN_LINES = `${LINES_OF_2}  and 595 other lines\n`
  expect(await rules('preview', 'incoming/daily/', 'drop:_n', '--all-lines')).toMatchObject({ code: 0, stdout: VALID + SHOWN_LINES }) // prettier-ignore
  const kept = (await rules('list')).stdout
  expect(await rules('add', 'incoming/daily/', 'drop:_n', '--all-lines', '--yes')).toMatchObject({
    code: 1,
    stdout: VALID,
    stderr: `Nothing was saved, because 600 lines that are valid now would be rejected:\n${SHOWN_LINES}Correct the rule, and look at its effect with "npx km-import rules preview".\n`,
  })
  expect((await rules('list')).stdout).toBe(kept)
  // A longer prefix has its own rules alone, and says which are lost by that.
  expect(await rules('preview', 'incoming/daily/eu/', 'trim')).toMatchObject({
    stdout: 'There are no files under incoming/daily/eu/ yet, so nothing could be checked.\n',
    stderr: expect.stringContaining('no longer apply to files under incoming/daily/eu/: ms-timestamps, drop:plan.') as unknown,
  })

  await installation.import('daily/eu/1.jsonl', daily(1))
  expect(await rules('add', 'incoming/daily/eu/', 'trim', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^These rules .*\nNothing was saved, because 3 lines that are valid now would be rejected:\n {2}incoming\/daily\/eu\/1\.jsonl, line 51: timestamp_in_milliseconds\n.*\n.*\nAdd the rules that no longer apply as well: ms-timestamps, drop:plan \(all lines\)\.\n$/,
    ) as unknown,
  })
  expect(await rules('remove', 'incoming/daily/', 'drop:plan', '--yes')).toMatchObject({ code: 0 })
  expect((await rules('add', 'incoming/daily/eu/', 'trim', '--yes')).stderr).toContain(
    `\nTo keep the rules that no longer apply, run: npx km-import rules add incoming/daily/eu/ ms-timestamps trim --state-dir ${stateDir}\n`,
  )

  for (const [args, sentence] of [
    [['add', 'incoming/daily/', 'guess'], 'There is no rule "guess"'],
    [['add', 'incoming/daily/', 'ms-timestamps'], 'contradict each other: they are the same'],
    [['add', 'incoming/daily/', 'dates', '--all-lines'], 'cannot be for all lines'],
    [['add', 'incoming/daily/'], 'Say which rule, for example ms-timestamps.'],
    [['add', 'exports/', 'trim'], 'Begin with that, for example incoming/daily/.'],
    [['remove', 'incoming/daily/', 'octal'], 'There is no rule "octal" for incoming/daily/.'],
    [['remove', 'incoming/other/'], 'There is no rule for incoming/other/.'],
  ] as const) {
    const { code, stderr } = await rules(...args, '--yes')
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
  }
  expect(await rules('remove', 'incoming/daily/', '--yes')).toMatchObject({ code: 0 })
  expect((await rules('list', '--json')).stdout).toBe('{\n  "schema": "kissmetrics-importer/rules/v1",\n  "prefixes": []\n}\n')

  const { s3 } = installation.cloud
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: RULES_KEY, Body: 'not JSON' }))
  const damaged = await rules('list')
  expect(damaged.code).toBe(2)
  expect(damaged.stderr).toContain('control/rules.json has import rules that cannot be used.')
  await rm(stateDir, { recursive: true })
})

test('a daily file is fixed by hand once: its report ends at zero open lines, and that of the next day begins there', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  const stateDir = await mkdtemp(path.join(tmpdir(), 'km-rules-'))
  await using _announced = await installation.announceIn(stateDir)
  const km = (...args: readonly string[]) => runInProcess([...args, '--state-dir', stateDir])
  const reportOf = async (key: string) => JSON.parse((await km('status', key, '--json')).stdout) as Report
  const rows = path.join(stateDir, 'rows.jsonl')

  expect(await installation.import('daily/1.jsonl', daily(1))).toMatchObject({ rejects: { open: 3 } })
  expect(await km('rejects', 'pull', '--fix', 'ms-timestamps', '-o', rows, '--yes')).toMatchObject({ code: 0 })
  expect(await km('rejects', 'replay', rows, '--yes')).toMatchObject({ code: 0 })
  const report = await eventually('a closed report', async () => {
    const found = await reportOf('incoming/daily/1.jsonl')
    return found.rejects?.open === 0 ? found : undefined
  })
  expect(report).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, fixed: 3, discarded: 0 } })

  expect(await km('rules', 'add', 'incoming/daily/', 'ms-timestamps', '--yes')).toMatchObject({ code: 0 })
  const next = await installation.import('daily/2.jsonl', daily(2))
  expect(next).toMatchObject({ state: 'complete', lines: { total: 300, delivered: 300 }, fixedBy: { 'ms-timestamps': 3 } })
  expect(next).not.toHaveProperty('rejects')
  expect(sink.taken.size).toBe(600)
  await rm(stateDir, { recursive: true })
})

test('lines that are fixed by hand are sent by the rules of their file, each rule once', async () => {
  let isStrict = true
  await using sink = await startFaultSink(({ target }) => (isStrict && target.includes('bob') ? status(413) : TAKEN))
  await using installation = await Installation.start(sink.url)
  const stateDir = await mkdtemp(path.join(tmpdir(), 'km-rules-'))
  await using _announced = await installation.announceIn(stateDir)
  const km = (...args: readonly string[]) => runInProcess([...args, '--state-dir', stateDir])
  const rows = path.join(stateDir, 'rows.jsonl')
  const hashed = createHash('sha256').update('555-0100').digest('hex')
  for (const rule of ['hash:phone', 'skip:env=test', 'ms-timestamps'])
    expect(await km('rules', 'add', 'incoming/', rule, '--yes')).toMatchObject({ code: 0 })

  // One line is refused although the rules have made it valid, one has no time, and one will be skipped when it is fixed.
  const line = (person: string, more: string) => `{"_p":"${person}","_n":"Paid","phone":"555-0100"${more}}`
  await installation.import(
    'a.jsonl',
    [line('ann', ',"_t":1393344604'), line('bob', ',"_t":1393344604000'), line('cyd', ''), line('dan', '')].join('\n'),
  )
  isStrict = false
  expect(await km('rejects', 'replay', '--all-valid', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('1 line can be sent') as unknown,
  })
  await km('rejects', 'pull', '-o', rows)
  const fixed = (await readFile(rows, 'utf8'))
    .replace(/("_p":"cyd")/, '"_t":1393344604000,$1')
    .replace(/("_p":"dan")/, '"_t":1393344604,"env":"test",$1')
  await writeFile(rows, fixed)
  expect(await km('rejects', 'replay', rows, '--yes')).toMatchObject({ code: 0 })
  await eventually('a closed report', async () => {
    const { rejects } = JSON.parse((await km('status', 'incoming/a.jsonl', '--json')).stdout) as Report
    return rejects?.open === 0 ? true : undefined
  })
  const requests = [...sink.taken.keys()]
  expect(requests.map((request) => /_p=(\w+)/.exec(request)?.[1]).toSorted()).toEqual(['ann', 'bob', 'cyd'])
  for (const request of requests) expect(request).toContain(`phone=${hashed}`)
  await rm(stateDir, { recursive: true })
})
