import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { Installation } from '../support/installation.ts'

const line = (n: number): string => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up"}`

/** Uploads files while the bucket sends no events. @returns their version ids, by key */
async function putWithoutEvents(
  { cloud: { s3 } }: Installation,
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const { $metadata: _metadata, ...notifications } = await s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: BUCKET }),
  )
  const notify = (NotificationConfiguration: typeof notifications) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: BUCKET, NotificationConfiguration }))
  await notify({})
  const versions = new Map<string, string>()
  for (const [key, Body] of Object.entries(files)) {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }))
    versions.set(key, VersionId)
  }
  await notify(notifications)
  return versions
}

const FILES = {
  'incoming/2025/old.json': line(1),
  'incoming/older.jsonl': `${line(2)}\n${line(3)}`,
  'incoming/old/notes.txt': 'not to import',
  'incoming/unload/0000_part_00': line(5),
}

describe('km-import backfill', () => {
  test('imports files that have no report, and skips what is not a file to import', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const stateDir = await mkdtemp(path.join(tmpdir(), 'km-backfill-'))
    await using _announced = await installation.announceIn(stateDir)
    await installation.import('known.json', line(4))
    const versions = await putWithoutEvents(installation, FILES)

    const dry = await runInProcess(['backfill', '--dry-run', '--state-dir', stateDir])
    expect(dry).toMatchObject({
      code: 0,
      stderr: '5 files under incoming/. 4 of them have no final report and would be queued.\n',
    })
    expect(dry.stdout.trim().split('\n').toSorted()).toEqual(Object.keys(FILES).toSorted())
    expect(sink.seen).toHaveLength(1)

    const today = new Date().toISOString().slice(0, 10)
    const some = [
      'backfill',
      '--dry-run',
      '--prefix',
      'incoming/old',
      '--since',
      '2026-01-01',
      '--until',
      today,
      '--state-dir',
      stateDir,
    ]
    expect(await runInProcess(some)).toEqual({
      code: 0,
      stdout: 'incoming/old/notes.txt\nincoming/older.jsonl\n',
      stderr: '2 files from this period under incoming/old. 2 of them have no final report and would be queued.\n',
    })
    expect(await runInProcess(['backfill', '--dry-run', '--until', '2025-12-31', '--state-dir', stateDir])).toMatchObject({
      stdout: '',
      stderr: '0 files from this period under incoming/. 0 of them have no final report and would be queued.\n',
    })

    const real = await runInProcess(['backfill', '--json', '--state-dir', stateDir])
    expect(real.stderr).toBe('5 files under incoming/. 4 of them have no final report and were queued.\n')
    const result = JSON.parse(real.stdout) as { keys: string[] }
    expect({ ...result, keys: result.keys.toSorted() }).toEqual({
      files: 5,
      queued: 4,
      dryRun: false,
      keys: Object.keys(FILES).toSorted(),
    })
    expect(await installation.finalReport('incoming/2025/old.json', versions.get('incoming/2025/old.json'))).toMatchObject({
      lines: { delivered: 1 },
    })
    expect(await installation.finalReport('incoming/older.jsonl', versions.get('incoming/older.jsonl'))).toMatchObject({
      lines: { delivered: 2 },
    })
    expect(await installation.finalReport('incoming/old/notes.txt', versions.get('incoming/old/notes.txt'))).toMatchObject({
      state: 'skipped',
      failure: { reason: 'not_for_import' },
    })
    const unload = 'incoming/unload/0000_part_00'
    expect(await installation.finalReport(unload, versions.get(unload))).toMatchObject({ lines: { delivered: 1 } })
    expect(JSON.parse((await runInProcess(['backfill', '--json', '--state-dir', stateDir])).stdout)).toMatchObject({ queued: 0 })
    expect(sink.seen).toHaveLength(5)
    await rm(stateDir, { recursive: true })
  })

  test('says what to do if no importer runs', async () => {
    expect(await runInProcess(['backfill', '--state-dir', '/nowhere'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'km-import: No importer runs with the state folder "/nowhere". Start one with npm start, or choose another one with --state-dir or --stack.\n',
    })
  })
})

test('the daily search of the stack skips new files, whose events may still arrive', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  await putWithoutEvents(installation, FILES)
  await installation.sendToImportQueue(JSON.stringify({ schema: RECONCILE_SCHEMA }))
  expect((await installation.logged('no_missed_files')).facts).toMatchObject({ files: 0, isWhole: true })
  await installation.idle()
  expect(sink.seen).toEqual([])
})
