import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteObjectCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { reportKey } from '../../lambda/keys.ts'
import type { Report } from '../../lambda/report/report.ts'
import { startFaultSink, type FaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

const aliases = (count: number, shared: string) =>
  Array.from({ length: count }, (_, n) => `{"_p":"p${n}","_p2":"${shared}","_t":1393344604}\n`).join('')

let folder: string
let sink: FaultSink
let installation: Installation
let announced: AsyncDisposable
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'km-safety-'))
  sink = await startFaultSink()
  // Small segments, so that the larger files of this test are split.
  installation = await Installation.start(sink.url, { KM_SEGMENT_BYTES: '65536' })
  announced = await installation.announceIn(folder)
})
afterAll(async () => {
  await announced[Symbol.asyncDispose]()
  await installation[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function km(...args: readonly string[]) {
  const ended = await runInProcess([...args, '--state-dir', folder])
  return { ...ended, stdout: ended.stdout.replaceAll(folder, 'DIR'), stderr: ended.stderr.replaceAll(folder, 'DIR') }
}

async function upload(name: string, body: string): Promise<string> {
  const { VersionId = '' } = await installation.cloud.s3.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: `incoming/${name}`, Body: body }),
  )
  return VersionId
}

function heldReport(name: string, versionId: string): Promise<Report> {
  const where = reportKey({ bucket: BUCKET, key: `incoming/${name}`, versionId })
  return eventually(`the report of ${name}, held`, async () => {
    const report = await installation.findReport(where)
    return report?.state === 'held' ? report : undefined
  })
}

async function hold(name: string, body: string): Promise<string> {
  const version = await upload(name, body)
  await heldReport(name, version)
  return version
}

describe('a file of 3,000 aliases to one address', () => {
  test('is held, nothing is sent, and one command releases it', async () => {
    const version = await upload('everybody.jsonl', aliases(3_000, 'all@example.com'))
    const report = await heldReport('everybody.jsonl', version)
    expect(report.hold?.rules).toEqual([
      {
        rule: 'merged_people',
        detail: '3,001 identities would become one person. The first of these aliases is on line 1.',
        line: 1,
      },
    ])
    await installation.idle()
    expect(sink.taken.size).toBe(0)
    const shown = await km('status', 'everybody.jsonl')
    expect(shown.stdout).toContain('held, nothing was sent')
    expect(shown.stdout).toContain('\n  npx km-import release incoming/everybody.jsonl --state-dir DIR\n')

    expect(await km('release', 'everybody.jsonl')).toMatchObject({
      code: 0,
      stdout:
        'incoming/everybody.jsonl is released. Follow its import:\n  npx km-import status incoming/everybody.jsonl --state-dir DIR\n',
    })
    expect(await installation.finalReport('incoming/everybody.jsonl', version)).toMatchObject({
      state: 'complete',
      lines: { total: 3_000, delivered: 3_000 },
    })
    expect(sink.taken.size).toBe(3_000)
  })

  test('is discarded by another command, and nothing of it is ever sent', async () => {
    const version = await hold('nobody.jsonl', aliases(3_000, 'none@example.com'))
    const before = sink.taken.size
    const { code, stdout } = await km('discard', 'incoming/nobody.jsonl', '--json')
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { key: 'incoming/nobody.jsonl', version, decision: 'discarded', wasDecidedBefore: false },
    ])
    expect(await installation.finalReport('incoming/nobody.jsonl', version)).toMatchObject({ state: 'discarded' })
    await installation.idle()
    expect(sink.taken.size).toBe(before)
  })
})

describe('the tag km-import of the object', () => {
  const tag = (name: string, VersionId: string, Value: string) => {
    const Tagging = { TagSet: [{ Key: 'km-import', Value }] }
    return installation.cloud.s3.send(
      new PutObjectTaggingCommand({ Bucket: BUCKET, Key: `incoming/${name}`, VersionId, Tagging }),
    )
  }

  test('releases exactly the version that has it, and discards another one', async () => {
    const old = await hold('tagged.jsonl', aliases(20, 'tagged-old'))
    const newer = await hold('tagged.jsonl', aliases(20, 'tagged-newer'))
    const before = sink.taken.size
    await tag('tagged.jsonl', newer, 'discard')
    expect(await installation.finalReport('incoming/tagged.jsonl', newer)).toMatchObject({ state: 'discarded' })
    await tag('tagged.jsonl', old, 'release')
    expect(await installation.finalReport('incoming/tagged.jsonl', old)).toMatchObject({ state: 'complete' })
    expect(sink.taken.size).toBe(before + 20)
    expect(await km('release', 'tagged.jsonl', '--file-version', newer)).toMatchObject({ code: 2 })
  })
})

describe('a decision that is not possible says why, and what to do', () => {
  test('released twice, and discarded after that', async () => {
    const version = await hold('twice.jsonl', aliases(20, 'twice'))
    await km('release', 'twice.jsonl')
    await installation.finalReport('incoming/twice.jsonl', version)
    expect(await km('release', 'twice.jsonl')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('incoming/twice.jsonl was already released on ') as unknown,
    })
    expect(await km('discard', 'twice.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/was released on .* so it cannot be discarded any more\./) as unknown,
    })
  })

  test('released after it was discarded', async () => {
    await hold('late.jsonl', aliases(20, 'late'))
    await km('discard', 'late.jsonl')
    expect(await km('release', 'late.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/was discarded on .* To import it all the same, upload it again\./) as unknown,
    })
  })

  test('a file that is not held', async () => {
    await installation.import('fine.jsonl', '{"_p":"a","_t":1393344604,"_n":"e"}\n')
    expect(await km('release', 'fine.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('incoming/fine.jsonl is not held: it is done.') as unknown,
    })
  })

  test('a file that does not exist', async () => {
    expect(await km('release', 'none.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no report of "none.jsonl".') as unknown,
    })
  })

  test('a newer version has arrived: both are named, and the held one can still be released by its version', async () => {
    const old = await hold('two.jsonl', aliases(20, 'old'))
    const newer = await upload('two.jsonl', '{"_p":"new","_t":1393344604,"_n":"e"}\n')
    await installation.finalReport('incoming/two.jsonl', newer)
    const refused = await km('release', 'two.jsonl')
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `has a newer version, ${newer}, which is done. The held version is ${old}. To release it all the same:\n  npx km-import release incoming/two.jsonl --file-version ${old} --state-dir DIR\n`,
      ) as unknown,
    })
    expect(await km('release', 'two.jsonl', '--file-version', old)).toMatchObject({ code: 0 })
    expect(await installation.finalReport('incoming/two.jsonl', old)).toMatchObject({ state: 'complete' })
  })

  test('the file was deleted', async () => {
    const version = await hold('gone.jsonl', aliases(20, 'gone'))
    await installation.cloud.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'incoming/gone.jsonl', VersionId: version }))
    expect(await km('release', 'gone.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'incoming/gone.jsonl was deleted, so it cannot be imported. Upload it again, or discard it:\n  npx km-import discard incoming/gone.jsonl',
      ) as unknown,
    })
    expect(await km('discard', 'gone.jsonl')).toMatchObject({ code: 0 })
  })
})
