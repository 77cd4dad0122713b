import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { countMessages } from '../../cli/deployment/queue-depth.ts'
import { rowOf } from '../../cli/rejects/row.ts'
import { RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import { reject, REASONS } from '../../lambda/reasons.ts'
import { toBody, type DeadLetter } from '../../lambda/settle/dead-letter.ts'
import { startFaultSink, status, TAKEN } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'
import { run, Program } from '../support/program.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'
const BAD = '{"_p":"a","_n":"Signed Up"}'
const IN_MILLISECONDS = '{"_p":"b","_t":1393344604000,"_n":"Paid","order":12345678901234567890}'

let folder: string
let aheadMs = 0
beforeEach(async () => {
  aheadMs = 0
  folder = await mkdtemp(path.join(tmpdir(), 'km-rejects-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const now = (): number => Date.now() + aheadMs
const here = (name: string): string => path.join(folder, name)
const km = (...args: readonly string[]) => runInProcess([...args, '--state-dir', folder])
const deadLetterCount = ({ cloud }: Installation) => countMessages(cloud.sqs, cloud.deadLetterQueueUrl)

interface EditedRow {
  readonly reason: string
  readonly line?: unknown
  readonly source: { readonly line?: number }
}

/** Replaces the line in each row of a pulled file. */
async function edit(name: string, lineFor: (row: EditedRow) => unknown): Promise<void> {
  const rows = (await readFile(here(name), 'utf8')).trimEnd().split('\n')
  const edited = rows.map((row) => {
    const value = JSON.parse(row) as EditedRow
    return JSON.stringify({ ...value, line: lineFor(value) })
  })
  await writeFile(here(name), `${edited.join('\n')}\n`)
}

describe('a file with every kind of bad line', () => {
  test('is rejected line by line, fixed by hand and in bulk, and delivered: exactly the fixed lines, and no dead letter is left', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await using _announced = await installation.announceIn(folder)
    const report = await installation.import('every.jsonl', await readFile('examples/every-reason.jsonl'))
    await installation.import('array.json', '[\n1\n]')
    const delivered = sink.taken.size

    const listed = JSON.parse((await km('rejects', 'list', '--json')).stdout) as { total: number; groups: { reason: string }[] }
    const lineReasons = Object.entries(REASONS).filter(([, { level }]) => level === 'line')
    expect(listed.total).toBe(report.lines.rejected + 1)
    expect(new Set(listed.groups.map(({ reason }) => reason))).toEqual(
      new Set([...lineReasons.map(([reason]) => reason), 'not_line_delimited_json']),
    )

    const inMilliseconds = ['--reason', 'timestamp_in_milliseconds', '--fix', 'ms-timestamps']
    const bulk = await km('rejects', 'pull', ...inMilliseconds, '--yes', '-o', here('ms.jsonl'))
    expect(bulk.stderr).toContain(
      'changes 1 of 1 dead letter. After that, 1 of them can be sent.\n  - {"_p":"person@mail.com","_t":1393344604000',
    )
    const first = await km('rejects', 'replay', here('ms.jsonl'), '--yes')
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 line uploaded as incoming\/replays\/replay-[0-9a-f]{16}\.json\n/) as unknown,
    })

    expect((await km('rejects', 'pull', '-o', here('all.jsonl'))).code).toBe(0)
    await edit('all.jsonl', ({ reason, source }) =>
      reason === 'not_line_delimited_json' ? undefined : { _p: `fixed-${source.line}`, _t: 1393344604, _n: 'Fixed' },
    )
    const second = await km('rejects', 'replay', here('all.jsonl'), '--yes')
    expect(second.stderr).toContain(`${report.lines.rejected - 1} lines can be sent, 0 would be rejected again.`)
    expect(second.stderr).toContain('1 row about a whole file')
    expect(second.code).toBe(1)
    expect((await km('rejects', 'archive', '--key', 'array.json')).stdout).toMatch(/^archived\/[\d-]+\/.*-0001\.jsonl\n$/)

    await eventually('all fixed lines', () =>
      Promise.resolve(sink.taken.size >= delivered + report.lines.rejected - 1 ? true : undefined),
    )
    await installation.idle()
    const fixed = [...sink.taken.keys()].filter((request) => request.includes('_p=fixed-'))
    expect(fixed).toHaveLength(report.lines.rejected - 1)
    // The fixed line with milliseconds is equal to another line of the file.
    expect(new Set(sink.taken.values())).toEqual(new Set([1, 2]))
    expect(await deadLetterCount(installation)).toBe(0)
    expect((await km('rejects', 'list')).stderr).toMatch(/^1 dead letter\.\n/) // the archived one
  })
})

describe('rejects pull', () => {
  test('writes every digit and name as in the file', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await using _announced = await installation.announceIn(folder)
    await installation.import('a.json', `${IN_MILLISECONDS}\n{"_p":"\\u202ec","_t":1,"_n":"x"}\n'quoted'\n${GOOD}`)
    await installation.putIntoDeadLetterQueue('hello from another program')
    await installation.putIntoDeadLetterQueue(JSON.stringify({ schema: RECONCILE_SCHEMA }))
    const { stdout, stderr } = await km('rejects', 'pull')
    expect(stderr).toContain(
      '3 dead letters written. They stay in the queue until you replay them.\n1 more message is a failed import,',
    )
    expect(stderr).toContain('\n1 more message is not from this importer.')
    expect(stdout).toContain(`"line":${IN_MILLISECONDS},`)
    expect(stdout).toContain(`"line":"'quoted'"`)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((row) => JSON.parse(row) as EditedRow),
    ).toHaveLength(3)
    expect(await deadLetterCount(installation)).toBe(5)
  })

  test('does not overwrite a file, which may contain edits', async () => {
    await using installation = await Installation.start('http://127.0.0.1:9')
    await using _announced = await installation.announceIn(folder)
    await writeFile(here('mine.jsonl'), 'mine')
    expect(await km('rejects', 'pull', '-o', here('mine.jsonl'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mine.jsonl": the file exists and may contain your edits.') as unknown,
    })
    expect(await readFile(here('mine.jsonl'), 'utf8')).toBe('mine')
  })
})

test('rejects list, pull, archive and replay say when another command holds dead letters', async () => {
  await using installation = await Installation.start('http://127.0.0.1:9')
  await using _announced = await installation.announceIn(folder)
  for (const line of [1, 2, 3]) await installation.putIntoDeadLetterQueue(toBody(fixable('x', line).deadLetter))
  const { sqs, deadLetterQueueUrl: QueueUrl } = installation.cloud
  await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 2, VisibilityTimeout: 300 }))
  const IN_USE = '2 more are in use; they reappear within 5 minutes.'
  expect((await km('rejects', 'list')).stderr).toContain(`1 dead letter.\n${IN_USE}\n`)
  expect(JSON.parse((await km('rejects', 'list', '--json')).stdout)).toMatchObject({ total: 1, isComplete: false, inUse: 2 })
  expect((await km('rejects', 'pull')).stderr).toContain(`\n${IN_USE} Pull again then.\n`)
  const replayed = await km('rejects', 'replay', '--all-valid', '--yes')
  expect(replayed).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`\n${IN_USE} Run the command again for them.\n`) as unknown,
  })
  const archived = await km('rejects', 'archive', '--older-than', '0')
  expect(archived.stderr).toBe(`1 dead letter archived.\n${IN_USE} Run the command again for them.\n`)
})

describe('while rejects list reads the queue', () => {
  test.each([
    ['it runs to its end', undefined],
    ['it is stopped with Ctrl-C', 'SIGINT'],
  ] as const)('dead letters are hidden, and they are visible again after %s', async (_when, signal) => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, {}, { waitScale: 1 }) // time to look while it reads
    await using _announced = await installation.announceIn(folder)
    await installation.import('a.json', `${GOOD}\n${BAD}`)
    const { sqs, deadLetterQueueUrl: QueueUrl } = installation.cloud
    const hidden = async () => {
      const names = ['ApproximateNumberOfMessagesNotVisible'] as const
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }))
      return Number(Attributes?.[names[0]])
    }
    const program = new Program(['rejects', 'list', '--state-dir', folder])
    await eventually('a hidden dead letter', async () => ((await hidden()) === 1 ? true : undefined))
    if (signal !== undefined) program.kill(signal)
    expect((await program.ended()).code).toBe(signal === undefined ? 0 : 130)
    expect(await hidden()).toBe(0)
    expect(await installation.receiveDeadLetters()).toHaveLength(1)
  })
})

describe('rejects replay', () => {
  test('sends valid lines, and leaves invalid ones in the queue', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    await using _announced = await installation.announceIn(folder)
    await installation.import('a.json', [BAD, BAD.replace('"a"', '"b"'), GOOD].join('\n'))
    await km('rejects', 'pull', '-o', here('r.jsonl'))
    await edit('r.jsonl', ({ line, source }) => (source.line === 1 ? line : { _p: 'b', _t: 1393344604, _n: 'Signed Up' }))
    const { code, stderr } = await km('rejects', 'replay', here('r.jsonl'), '--yes')
    expect(stderr).toContain('1 line can be sent, 1 would be rejected again.\n  line 1: missing_timestamp: The time is missing.')
    expect(code).toBe(1)
    await eventually('the fixed line', () => Promise.resolve(sink.taken.size === 2 ? true : undefined))
    expect((await installation.receiveDeadLetters()).map(({ line }) => line)).toEqual([BAD])
  })

  test('sends nothing if the file has a broken row', async () => {
    await using installation = await Installation.start('http://127.0.0.1:9')
    await using _announced = await installation.announceIn(folder)
    const { deadLetter, row } = fixable('x', 1)
    await installation.putIntoDeadLetterQueue(toBody(deadLetter))
    await writeFile(here('r.jsonl'), `${row('m-1')}{"line":\n`)
    expect(await km('rejects', 'replay', here('r.jsonl'), '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('r.jsonl, line 2: it is not one JSON object on one line.') as unknown,
    })
    expect(await deadLetterCount(installation)).toBe(1)
  })

  test('--all-valid sends every line that is valid by now, and failed imports', async () => {
    let isDown = true
    await using sink = await startFaultSink(({ target }) => (isDown && target.includes('_p=b') ? status(413) : TAKEN))
    await using installation = await Installation.start(sink.url)
    await using _announced = await installation.announceIn(folder)
    await installation.import('a.json', `${GOOD}\n${GOOD.replace('"a"', '"b"')}\n${BAD}`)
    const { VersionId } = await installation.cloud.s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: 'other/c.json', Body: GOOD.replace('"a"', '"c"') }),
    )
    const event = {
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: BUCKET }, object: { key: 'other/c.json', versionId: VersionId } },
    }
    await installation.putIntoDeadLetterQueue(JSON.stringify({ Records: [event] }))
    isDown = false
    const { code, stderr } = await km('rejects', 'replay', '--all-valid', '--yes')
    expect(stderr).toBe('1 line can be sent, 1 failed import can be tried again, 1 would be rejected again.\n')
    expect(code).toBe(1)
    await eventually('both', () => Promise.resolve(sink.taken.size === 3 ? true : undefined))
    expect((await installation.receiveDeadLetters()).map(({ line }) => line)).toEqual([BAD])
  })

  test('--all-valid that is interrupted while it sends failed imports ends with 130, and the next run sends the rest', async () => {
    await using installation = await Installation.start('http://127.0.0.1:9')
    await using _announced = await installation.announceIn(folder)
    const failedImport = JSON.stringify({ schema: RECONCILE_SCHEMA })
    for (let count = 0; count < 3; count += 1) await installation.putIntoDeadLetterQueue(failedImport)
    const replay = () => km('rejects', 'replay', '--all-valid', '--yes')
    let sends = 0
    const interruptSecond = (message: unknown) => {
      const { request } = message as { readonly request: ClientRequest }
      if (request.getHeader('x-amz-target') === 'AmazonSQS.SendMessage' && (sends += 1) === 2) process.emit('SIGINT')
    }
    subscribe('http.client.request.created', interruptSecond)
    const interrupted = await replay().finally(() => unsubscribe('http.client.request.created', interruptSecond))
    expect(interrupted).toMatchObject({
      code: 130,
      stdout: '2 failed imports sent to the import queue again.\n',
      stderr: expect.stringMatching(
        /\nInterrupted: 1 failed import is still in the dead-letter queue\. To continue, run: npx km-import rejects replay --all-valid --state-dir \S+\n$/,
      ) as unknown,
    })
    expect(await deadLetterCount(installation)).toBe(1)
    expect(await replay()).toMatchObject({ code: 0, stdout: '1 failed import sent to the import queue again.\n' })
  })

  test.each([
    'before ReceiveMessage 1',
    'after ReceiveMessage 1',
    'after ReceiveMessage 9',
    'before GET 1',
    'after GET 2',
    'before PUT 1',
    'after PUT 1',
    'before PUT 2',
    'after PUT 2',
    'before DeleteMessageBatch 1',
    'after DeleteMessageBatch 1',
    'before DELETE 1',
  ])('that is killed %s loses nothing, and sends nothing twice when it is started again', async (KM_DIES) => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url, {}, { now })
    await using _announced = await installation.announceIn(folder)
    const people = ['x', 'y', 'z']
    await writeFile(here('r.jsonl'), (await Promise.all(people.map((person) => buryFixable(installation, person)))).join(''))

    const replay = ['rejects', 'replay', here('r.jsonl'), '--yes']
    const preload = path.join(import.meta.dirname, '..', 'support', 'dying-process.ts')
    const killed = await run([...replay, '--state-dir', folder], { KM_DIES, NODE_OPTIONS: `--import=${preload}` })
    expect(killed.signal).toBe('SIGKILL')
    await installation.idle() // the clock must not hand a file that is being imported to a second invocation
    // What it had received becomes visible again. A request that was on its way when it died may hide a dead letter once more.
    await eventually('a replay that finds every dead letter', async () => {
      aheadMs += 301_000
      return (await km(...replay)).code === 0 ? true : undefined
    })
    await eventually('the fixed lines', () => Promise.resolve(sink.taken.size === people.length ? true : undefined))
    await installation.idle()
    expect([...sink.taken.values()]).toEqual([1, 1, 1])
    expect(await deadLetterCount(installation)).toBe(0)
  })
})

test('rejects replay --all-valid that is killed while it removes dead letters does not send the rest of them again', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url, {}, { now })
  await using _announced = await installation.announceIn(folder)
  const people = Array.from({ length: 150 }, (_, index) => `p${index}`)
  for (const [index, person] of people.entries()) {
    const line = `{"_p":"${person}","_t":1393344604,"_n":"Paid"}`
    await installation.putIntoDeadLetterQueue(toBody({ ...fixable(person, index + 1).deadLetter, line }))
  }
  const replay = ['rejects', 'replay', '--all-valid', '--yes']
  const preload = path.join(import.meta.dirname, '..', 'support', 'dying-process.ts')
  const env = { KM_DIES: 'after DeleteMessageBatch 1', NODE_OPTIONS: `--import=${preload}` }
  expect((await run([...replay, '--state-dir', folder], env)).signal).toBe('SIGKILL')
  await installation.idle()
  const left = await deadLetterCount(installation)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(people.length)
  aheadMs += 301_000

  expect((await km(...replay)).stdout).toBe(
    `${left} lines had been uploaded by an earlier run of this replay. Only their dead letters were removed now.\n`,
  )
  await installation.idle()
  expect([...sink.taken.values()]).toEqual(people.map(() => 1))
  expect(await deadLetterCount(installation)).toBe(0)
})

/** A dead letter without a time, and the row that fixes it. */
function fixable(person: string, line: number) {
  const deadLetter: DeadLetter = {
    schema: 'kissmetrics-importer/dead-letter/v1',
    kind: 'line',
    reason: 'missing_timestamp',
    detail: reject('missing_timestamp').detail,
    source: { bucket: BUCKET, key: 'incoming/a.json', line },
    line: `{"_p":"${person}","_n":"Paid"}`,
    attempts: 0,
    replays: 0,
    failedAt: '2026-01-01T00:00:00Z',
  }
  return { deadLetter, row: (id: string) => `${rowOf(id, deadLetter, `{"_p":"${person}","_t":1393344604,"_n":"Paid"}`)}\n` }
}

/** Puts a dead letter into its queue. @returns the row that fixes it */
async function buryFixable({ cloud }: Installation, person: string): Promise<string> {
  const { deadLetter, row } = fixable(person, person.charCodeAt(0))
  const { MessageId = '' } = await cloud.sqs.send(
    new SendMessageCommand({ QueueUrl: cloud.deadLetterQueueUrl, MessageBody: toBody(deadLetter) }),
  )
  return row(MessageId)
}

test('status shows the files, one report in full, and a table for a spreadsheet', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  await using _announced = await installation.announceIn(folder)
  await installation.import('a.json', `${GOOD}\n${BAD}`)
  const all = await km('status')
  expect(all.stdout).toMatch(
    /^incoming\/a\.json\n {2}done, 1 line rejected\n {2}[\d-]+ [\d:]+ {2}\d+ s, 2 lines, 1 delivered\n {2}missing_timestamp 1\n\nimport queue \d+ · dead letters 1\nSee the rejected lines: npx km-import rejects list --state-dir \S+\n$/,
  )
  const one = await km('status', 'a.json')
  expect(one.stdout).toContain('  missing_timestamp  1\n    The time is missing.')
  expect(one.stdout).toContain('npx km-import rejects pull --key incoming/a.json -o rejects.jsonl --state-dir ')
  expect(JSON.parse((await km('status', '--json')).stdout)).toMatchObject({
    deadLetters: 1,
    files: [{ state: 'complete-with-rejects' }],
  })
  expect((await km('status', '--csv')).stdout).toMatch(/^file,state,lines,.*\nincoming\/a\.json,complete-with-rejects,2,1,1,0,0,/)
  expect(await km('status', 'nothing.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no report of') as unknown,
  })
})

test('status --watch shows changes until Ctrl-C', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  await using _announced = await installation.announceIn(folder)
  const program = new Program(['status', '--watch', '--state-dir', folder])
  await eventually('the first output', () => Promise.resolve(program.stdout.includes('No files yet.') ? true : undefined))
  await installation.import('a.json', GOOD)
  await eventually('the file', () => Promise.resolve(program.stdout.includes('incoming/a.json\n  done\n') ? true : undefined))
  program.kill('SIGINT')
  expect((await program.ended()).code).toBe(0)
})
