import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { RULES_KEY } from '../../lambda/keys.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { Installation } from '../support/installation.ts'

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
    stdout: 'No import rules. To add one, run: npx km-import rules add incoming/daily/ ms-timestamps\n',
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
  // A longer prefix has its own rules alone, and says which are lost by that.
  expect(await rules('preview', 'incoming/daily/eu/', 'trim')).toMatchObject({
    stdout: 'There are no files under incoming/daily/eu/ yet, so nothing could be checked.\n',
    stderr: expect.stringContaining('no longer apply to files under incoming/daily/eu/: ms-timestamps, drop:plan.') as unknown,
  })

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
