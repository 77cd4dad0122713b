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
import { announce } from '../../cli/deployment/deployment.ts'
import { RECONCILE_SCHEMA } from '../../lambda/keys.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { Installation } from '../support/installation.ts'
import { run } from '../support/program.ts'

const line = (n: number): string => `{"_p":"p${n}","_t":1393344604,"_n":"Signed Up"}`

/** Puts files whose events are never sent. @returns the version of each */
async function putUnheard(
  { cloud: { s3 } }: Installation,
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const { $metadata: _metadata, ...wired } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: BUCKET }))
  const wire = (NotificationConfiguration: typeof wired) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: BUCKET, NotificationConfiguration }))
  await wire({})
  const versions = new Map<string, string>()
  for (const [key, Body] of Object.entries(files)) {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }))
    versions.set(key, VersionId)
  }
  await wire(wired)
  return versions
}

const FILES = {
  'incoming/2025/old.json': line(1),
  'incoming/older.jsonl': `${line(2)}\n${line(3)}`,
  'incoming/notes.txt': 'no drop',
}

describe('km-import backfill', () => {
  test('imports what has no report, and nothing else', async () => {
    await using sink = await startFaultSink()
    await using installation = await Installation.start(sink.url)
    const stateDir = await mkdtemp(path.join(tmpdir(), 'km-backfill-'))
    await using _announced = await announce(stateDir, installation.cloud)
    await installation.import('known.json', line(4))
    const versions = await putUnheard(installation, FILES)

    const dry = await run(['backfill', '--dry-run', '--state-dir', stateDir])
    expect(dry).toMatchObject({
      code: 0,
      stdout: 'incoming/2025/old.json\nincoming/older.jsonl\n',
      stderr: '3 drops under incoming/, 2 of them without a report: would be queued.\n',
    })
    expect(sink.seen).toHaveLength(1)

    const real = await run(['backfill', '--json', '--state-dir', stateDir])
    expect(JSON.parse(real.stdout)).toEqual({
      files: 3,
      queued: 2,
      dryRun: false,
      keys: ['incoming/2025/old.json', 'incoming/older.jsonl'],
    })
    expect(await installation.finalReport('incoming/2025/old.json', versions.get('incoming/2025/old.json'))).toMatchObject({
      lines: { delivered: 1 },
    })
    expect(await installation.finalReport('incoming/older.jsonl', versions.get('incoming/older.jsonl'))).toMatchObject({
      lines: { delivered: 2 },
    })
    expect(JSON.parse((await run(['backfill', '--json', '--state-dir', stateDir])).stdout)).toMatchObject({ queued: 0 })
    expect(sink.seen).toHaveLength(4)
    await rm(stateDir, { recursive: true })
  })

  test('says what to do where nothing runs', async () => {
    expect(await run(['backfill', '--state-dir', '/nowhere'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'km-import: Nothing runs with the state in "/nowhere". Start local mode there (npm start), name its --state-dir, or name a deployed --stack.\n',
    })
  })
})

test('the search that the stack asks for leaves alone what is so young that its event may be on its way', async () => {
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url)
  await putUnheard(installation, FILES)
  await installation.sendToImportQueue(JSON.stringify({ schema: RECONCILE_SCHEMA }))
  expect((await installation.logged('no_missed_files')).facts).toMatchObject({ files: 0, isWhole: true })
  await installation.idle()
  expect(sink.seen).toEqual([])
})
