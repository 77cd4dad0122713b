import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from '@jest/globals'
import { BUCKET } from '../../cli/local/addresses.ts'
import { checkpointKey } from '../../lambda/keys.ts'
import { startFaultSink } from '../support/fault-sink.ts'
import { runInProcess } from '../support/in-process.ts'
import { eventually, Installation } from '../support/installation.ts'

const GOOD = '{"_p":"a","_t":1393344604,"_n":"Signed Up"}'

const newer = (kind: string) => JSON.stringify({ schema: `kissmetrics-importer/${kind}/v2`, everything: 'is different' })

const NEWER_VERSION = 'It was written by a newer version of the importer, which this version cannot'
const USE_IT = 'Use that version again, or a later one.'

test('rolled back: the work waits, the commands say why, and nothing is lost, sent twice or overwritten; forward again: it ends', async () => {
  let aheadMs = 0
  await using sink = await startFaultSink()
  await using installation = await Installation.start(sink.url, {}, { now: () => Date.now() + aheadMs })
  const { s3 } = installation.cloud
  const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
  const read = async (Key: string) => (await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Body?.transformToString()

  // What a newer version has left.
  const { VersionId: versionId } = await put('other/a.json', GOOD)
  const file = { bucket: BUCKET, key: 'other/a.json', versionId }
  const checkpoint = checkpointKey({ bucket: BUCKET, key: file.key, ...(versionId !== undefined && { versionId }) }, 1)
  const report = 'reports/incoming/b.json/v/report.json'
  const archived = 'archived/2026-03-20/run-0001.jsonl'
  const stored = { [checkpoint]: newer('checkpoint'), [report]: newer('report'), [archived]: newer('archived') }
  for (const [key, text] of Object.entries(stored)) await put(key, text)
  await installation.putIntoDeadLetterQueue(newer('dead-letter'))
  await installation.sendToImportQueue(newer('task'))
  const object = { key: file.key, versionId }
  const event = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: BUCKET }, object } }
  await installation.sendToImportQueue(JSON.stringify({ Records: [event] }))

  const details = (code: string) => installation.entries.flatMap(({ facts }) => (facts.code === code ? [facts.detail] : []))
  const waits = [
    `${checkpoint} was written by a newer version of the importer. ${USE_IT}`,
    `A message in the import queue was written by a newer version of the importer. ${USE_IT}`,
  ]
  await eventually('both wait', async () => {
    const isLogged = details('newer_version').length >= waits.length
    return isLogged && (await installation.waitingMessages()) === waits.length ? true : undefined
  })
  expect(details('newer_version').sort()).toEqual(waits.toSorted())
  expect(sink.seen).toEqual([])

  const stateDir = await mkdtemp(path.join(tmpdir(), 'km-upgrade-'))
  await using _announced = await installation.announceIn(stateDir)
  const command = (...args: readonly string[]) => runInProcess([...args, '--state-dir', stateDir])
  const all = await command('status')
  expect(all.stdout).toContain('incoming/b.json\n  written by a newer version of the importer: use that version of km-import\n')
  expect((await command('status', '--csv')).stdout).toContain('incoming/b.json,newer-version')
  expect(JSON.parse((await command('status', '--json')).stdout)).toMatchObject({ files: [], newer: ['incoming/b.json'] })
  expect(await command('status', 'b.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${report} was written by a newer version`) as unknown,
  })
  expect((await command('rejects', 'list')).stdout).toContain(NEWER_VERSION)
  expect(JSON.parse((await command('rejects', 'list', '--json')).stdout)).toMatchObject({ total: 2 })
  const pulled = path.join(stateDir, 'rejects.jsonl')
  expect((await command('rejects', 'pull', '-o', pulled)).stderr).toContain(
    '2 more dead letters were written by a newer version of the importer.',
  )
  expect(await readFile(pulled, 'utf8')).toBe('')
  const replay = await command('rejects', 'replay', '--all-valid', '--yes')
  expect([replay.code, replay.stderr]).toEqual([
    1,
    expect.stringContaining('2 more dead letters were written by a newer version'),
  ])
  expect(await command('backfill', '--json')).toMatchObject({ code: 0 })

  for (const [key, text] of Object.entries(stored)) expect(await read(key)).toBe(text)

  // Forward again: what stopped the file is gone, and nothing of it had been sent.
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: checkpoint }))
  aheadMs += 31_000
  await installation.logged('file_imported')
  expect(sink.seen).toHaveLength(1)
  expect(await installation.receiveDeadLetterBodies()).toEqual([newer('dead-letter')])
  expect(await installation.waitingMessages()).toBe(1)
  await rm(stateDir, { recursive: true })
})
