import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { countMessages } from '../../cli/deployment/queue-depth.ts'
import { reportKey } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, type FaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

let folder: string
let sink: FaultSink
let installation: Installation
let announced: AsyncDisposable
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-groups-'))
  sink = await startFaultSink()
  installation = await Installation.start(sink.url, { KM_HOLD_SAME_REASON_LINES: '20' })
  announced = await installation.announceIn(folder)
})
afterEach(() => km('rejects', 'discard', '--archived', '--yes'))
afterAll(async () => {
  await announced[Symbol.asyncDispose]()
  await installation[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const here = (name: string): string => path.join(folder, name)
const km = (...args: readonly string[]) => runInProcess([...args, '--state-dir', folder])
const deadLetterCount = () => countMessages(installation.cloud.sqs, installation.cloud.deadLetterQueueUrl)

/** 120 lines: every third one has its time in milliseconds, and one is not JSON. */
const timeOf = (n: number) => (n % 3 === 0 ? '1393344604000' : '1393344604')
const numbers = Array.from({ length: 120 }, (_, n) => n)
const linesOf = (name: string): string =>
  numbers.map((n) => (n === 50 ? '{"_p":\n' : `{"_p":"${name}-${n}","_t":${timeOf(n)},"_n":"Signed Up"}\n`)).join('')
const tableOf = (name: string): string =>
  `Identity,Timestamp,Event\n${numbers.map((n) => (n === 50 ? `${name}-50,,Signed Up\n` : `${name}-${n},${timeOf(n)},Signed Up\n`)).join('')}`
const IN_MILLISECONDS = 40

interface Source {
  readonly key: string
  readonly versionId: string
}

/** Uploads a file, which is held, and releases it. @returns when it is imported */
async function release(name: string, body: string | Buffer): Promise<Source> {
  const key = `incoming/${name}`
  const { VersionId: versionId = '' } = await installation.cloud.s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }),
  )
  const source = { key, versionId }
  await eventually('a held file', async () => ((await find(source))?.state === 'held' ? true : undefined))
  expect((await km('release', key)).code).toBe(0)
  await installation.finalReport(key, versionId)
  await installation.idle()
  return source
}

/** How often each line of a file was sent. */
const sentOf = (name: string): readonly number[] =>
  [...sink.taken].flatMap(([request, times]) => (request.includes(`_p=${name}-`) ? [times] : []))

const find = ({ key, versionId }: Source): Promise<Report | undefined> =>
  installation.findReport(reportKey({ bucket: BUCKET, key, versionId }))

async function rowsIn(name: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(here(name), 'utf8')
  return text === '' ? [] : text.trimEnd().split('\n').map((row) => JSON.parse(row) as Record<string, unknown>) // prettier-ignore
}

async function pull(name: string, ...args: readonly string[]) {
  await rm(here(name), { force: true })
  const pulled = await km('rejects', 'pull', '-o', here(name), ...args)
  return { ...pulled, rows: await rowsIn(name).catch(() => []) }
}

const FIX = ['--reason', 'timestamp_in_milliseconds', '--fix', 'ms-timestamps', '--yes'] as const

describe('a file with the same mistake on many lines', () => {
  test.each([
    ['of JSON lines', 'plain', 'jsonl', linesOf],
    ['compressed', 'packed', 'jsonl.gz', (name: string) => gzipSync(linesOf(name))],
    ['of CSV rows', 'table', 'csv', tableOf],
  ])(
    '%s is held, released, pulled, fixed and sent: its report counts each line as fixed',
    async (_what, name, suffix, bodyOf) => {
      const source = await release(`${name}.${suffix}`, bodyOf(name))
      expect(await find(source)).toMatchObject({
        state: 'complete-with-rejects',
        lines: { delivered: 79, rejected: 41 },
        grouped: { timestamp_in_milliseconds: IN_MILLISECONDS },
      })
      expect((await km('rejects', 'list')).stdout).toContain(`${IN_MILLISECONDS} lines in one dead letter`)
      expect(sentOf(name)).toHaveLength(79)

      const { stderr, rows } = await pull('fixed.jsonl', ...FIX)
      expect(stderr).toContain(`changes ${IN_MILLISECONDS} of ${IN_MILLISECONDS} lines`)
      expect(stderr).toContain(
        `1 dead letter written. It stays in the queue until you replay it.\nOne dead letter is about many lines with the same mistake: ${IN_MILLISECONDS} lines were read from its file, and each has a row.\n`,
      )
      expect(rows).toHaveLength(IN_MILLISECONDS)

      const replayed = await km('rejects', 'replay', here('fixed.jsonl'), '--yes')
      expect(replayed).toMatchObject({ code: 0, stderr: expect.stringContaining('40 lines can be sent, 0 would be rejected') as unknown }) // prettier-ignore
      expect(replayed.stdout).toMatch(
        /^40 lines uploaded as incoming\/replays\/replay-[0-9a-f]{16}\.json\nAll lines that shared a dead letter are sent, so it was removed\.\n/,
      )
      await eventually('the fixed lines in the report', async () =>
        (await find(source))?.rejects?.fixed === IN_MILLISECONDS ? true : undefined,
      )
      await installation.idle()
      expect(sentOf(name)).toEqual(Array.from({ length: 79 + IN_MILLISECONDS }, () => 1))
      expect((await find(source))?.rejects).toMatchObject({ open: 1, fixed: IN_MILLISECONDS, discarded: 0 })
      expect(await deadLetterCount()).toBe(1)
      await km('rejects', 'discard', '--key', source.key, '--yes')
      expect(await find(source)).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, fixed: 40, discarded: 1 } })
    },
  )

  test('is fixed in parts: a line that was sent has no row any more, and what is discarded is the rest', async () => {
    const source = await release('parts.jsonl', linesOf('parts'))
    const first = await pull('first.jsonl', ...FIX)
    await writeFile(here('first.jsonl'), first.rows.slice(0, 10).map((row) => `${JSON.stringify(row)}\n`).join('')) // prettier-ignore
    const replayed = await km('rejects', 'replay', here('first.jsonl'), '--yes')
    expect(replayed.stdout).toContain('10 lines uploaded as incoming/replays/')
    expect(replayed.stdout).toContain('The dead letter stays for the lines that were not sent yet.')
    const again = await km('rejects', 'replay', here('first.jsonl'), '--yes')
    expect(again).toMatchObject({ code: 1, stdout: expect.stringMatching(/^10 lines not sent: a replay has sent them before/) as unknown }) // prettier-ignore

    expect((await km('rejects', 'list')).stdout).toContain('30 lines in one dead letter, 10 more were sent')
    const second = await pull('second.jsonl', ...FIX)
    expect(second.rows).toHaveLength(30)
    expect(second.stderr).toContain('10 more lines have no row: a replay has sent them, or is sending them.\n')
    await writeFile(here('second.jsonl'), second.rows.slice(0, 5).map((row) => `${JSON.stringify(row)}\n`).join('')) // prettier-ignore
    expect((await km('rejects', 'replay', here('second.jsonl'), '--yes')).code).toBe(0)
    await eventually('the fixed lines in the report', async () =>
      (await find(source))?.rejects?.fixed === 15 ? true : undefined,
    )
    await installation.idle()

    expect((await km('rejects', 'discard', '--key', source.key, '--yes')).stderr).toContain('2 dead letters discarded.')
    expect(await find(source)).toMatchObject({ state: 'complete-after-fixing', rejects: { open: 0, fixed: 15, discarded: 26 } })
    expect([await deadLetterCount(), sentOf('parts')]).toEqual([0, Array.from({ length: 79 + 15 }, () => 1)])
  })

  test.each([
    ['deleted', 'the file was deleted', false],
    ['replaced by another version, and this one deleted', 'the file was deleted', true],
  ])('that was %s has one row with examples, and the user reads what to do', async (_what, why, isReplaced) => {
    const source = await release('gone.jsonl', linesOf('gone'))
    const { s3 } = installation.cloud
    if (isReplaced) await installation.import('gone.jsonl', '{"_p":"new","_t":1393344604,"_n":"Signed Up"}\n')
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: source.key, VersionId: source.versionId }))
    const { rows, stderr } = await pull('gone.jsonl', '--reason', 'timestamp_in_milliseconds')
    expect(rows).toMatchObject([{ group: { lines: IN_MILLISECONDS } }])
    expect(stderr).toContain(
      `40 lines of incoming/gone.jsonl (timestamp_in_milliseconds) cannot be read: ${why}. The row of the dead letter has examples: find them at the source and import them as a new file. To close them here, run: npx km-import rejects discard --reason timestamp_in_milliseconds --key incoming/gone.jsonl --state-dir`,
    )
    const replayed = await km('rejects', 'replay', here('gone.jsonl'), '--yes')
    expect(replayed).toMatchObject({ code: 1, stderr: expect.stringContaining('1 row about many lines that pull could not read') as unknown }) // prettier-ignore
    await km('rejects', 'discard', '--key', source.key, '--yes')
    expect((await find(source))?.rejects).toMatchObject({ open: 0, fixed: 0, discarded: 41 })
  })
})
