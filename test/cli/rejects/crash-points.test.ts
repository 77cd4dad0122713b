import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { listObjects } from '../../../cli/deployment/list-objects.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { discardLines } from '../../../cli/rejects/discard-lines.ts'
import { replayLines } from '../../../cli/rejects/replay-lines.ts'
import type { EditedLine } from '../../../cli/rejects/replay-upload.ts'
import { closedLinesKey, REPLAY_RECORDS_PREFIX } from '../../../lambda/keys.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { deadLetterOf, GROUP, NEVER, TestDeployment } from './fixtures.ts'
import { killable } from './killable.ts'

const clock = new ManualClock(Date.now())
let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start(clock.now)
})
afterAll(async () => {
  await cloud[Symbol.asyncDispose]()
})

/** Every line in every version of every uploaded file. */
async function sentLines(): Promise<readonly string[]> {
  const { Versions = [] } = await cloud.deployment.s3.send(
    new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'incoming/replays/' }),
  )
  const texts = await Promise.all(Versions.map(({ Key = '', VersionId }) => cloud.read(Key, VersionId)))
  return texts.flatMap((text) => text.trimEnd().split('\n'))
}

let runs = 0

/** Every record that a killed run has left costs the next run two requests: without this, the last crash points would never be reached. */
async function deleteRecords(): Promise<void> {
  const { s3 } = cloud.deployment
  for await (const { key } of listObjects(s3, BUCKET, REPLAY_RECORDS_PREFIX))
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }))
}

/** Two dead letters in the queue, two in a file of the bucket, and one in both. @returns a line for each */
async function deadLetters(): Promise<readonly EditedLine[]> {
  runs += 1
  const [first, second, both] = [await cloud.queue(deadLetterOf('a')), await cloud.queue(deadLetterOf('b')), await cloud.queue(deadLetterOf('c'))] // prettier-ignore
  const archived = [`archived-${runs}-1`, `archived-${runs}-2`, both]
  await cloud.archiveAll(archived, deadLetterOf('d'), 'old')
  return [first, second, ...archived].map((id) => ({ id, line: JSON.stringify({ id }) }))
}

/** Replays dead letters with a process that is killed, and then again. @returns the requests of the first one */
async function replayTwice(killedAt: number): Promise<number> {
  await deleteRecords()
  const lines = await deadLetters()
  const { deployment, requests } = killable(cloud.deployment, killedAt)
  await replayLines(deployment, lines, NEVER, { time: clock }).catch(() => undefined)
  clock.advance(301_000)
  // A person fixes the lines in another way, and sends only some of them first.
  const edited = lines.map(({ id }) => ({ id, line: JSON.stringify({ id, again: true }) }))
  for (const some of [edited.slice(1, 4), edited]) await replayLines(cloud.deployment, some, NEVER, { time: clock })
  const idsSent = (await sentLines()).map((line) => (JSON.parse(line) as { readonly id: string }).id)
  const ids = lines.map(({ id }) => id)
  expect(idsSent.filter((id) => ids.includes(id)).sort()).toEqual(ids.toSorted())
  const left = await replayLines(cloud.deployment, edited, NEVER, { time: clock })
  expect([left.lines, await cloud.queued()]).toEqual([0, 0])
  return requests()
}

test('a replay that is killed before any of its requests sends each dead letter once, in whatever way it is repeated', async () => {
  const all = await replayTwice(Infinity)
  expect(all).toBeGreaterThan(10)
  for (let killedAt = 1; killedAt <= all; killedAt += 1) await replayTwice(killedAt)
})

/** Two dead letters in the queue and two in a file of the bucket, each of another line. @returns their ids, and the file that they are from */
async function lettersToDiscard(): Promise<{ readonly ids: readonly string[]; readonly key: string }> {
  runs += 1
  const key = `incoming/discarded-${runs}.json`
  const of = (line: number) => deadLetterOf('a', { source: { bucket: BUCKET, key, versionId: 'v', line } })
  const queued = [await cloud.queue(of(1)), await cloud.queue(of(2))]
  const archived = [`to-discard-${runs}-3`, `to-discard-${runs}-4`]
  for (const [index, id] of archived.entries()) await cloud.archive(id, of(index + 3), 'old')
  return { ids: [...queued, ...archived], key }
}

async function copies(ids: readonly string[]): Promise<readonly string[]> {
  const { Versions = [] } = await cloud.deployment.s3.send(
    new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'archived/discarded/' }),
  )
  const texts = await Promise.all(Versions.map(({ Key = '', VersionId }) => cloud.read(Key, VersionId)))
  return ids.filter((id) => texts.some((text) => text.includes(JSON.stringify(id))))
}

/** @param again what a person does after the discard was killed @returns the requests of the discard */
async function discardTwice(killedAt: number, again: 'discard' | 'replay'): Promise<number> {
  await deleteRecords()
  const { ids, key } = await lettersToDiscard()
  const { deployment, requests } = killable(cloud.deployment, killedAt)
  await discardLines(deployment, new Set(ids), NEVER, { time: clock }).catch(() => undefined)
  clock.advance(301_000)
  const lines = ids.map((id) => ({ id, line: JSON.stringify({ id }) }))
  if (again === 'discard') await discardLines(cloud.deployment, new Set(ids), NEVER, { time: clock })
  else await replayLines(cloud.deployment, lines, NEVER, { time: clock })
  const texts = await sentLines()
  const sent = lines.filter(({ line }) => texts.includes(line)).map(({ id }) => id)
  const closed = await cloud.read(closedLinesKey({ bucket: BUCKET, key, versionId: 'v' }, 0)).catch(() => '{"discarded":[]}')
  const { discarded } = JSON.parse(closed) as { readonly discarded: readonly (readonly [number, number])[] }
  const lost = ids.filter((id, index) => !sent.includes(id) && !discarded.some(([from, to]) => from <= index + 1 && index < to))
  expect(lost).toEqual([])
  const kept = await copies(ids)
  expect(ids.filter((id) => !sent.includes(id) && !kept.includes(id))).toEqual([])
  expect(again === 'discard' ? sent : []).toEqual([])
  const left = await discardLines(cloud.deployment, new Set(ids), NEVER, { time: clock })
  expect([left.discarded, await cloud.queued()]).toEqual([0, 0])
  return requests()
}

test('a discarded dead letter that is about many lines closes all of them', async () => {
  const source = { bucket: BUCKET, key: 'incoming/group.json', versionId: 'v' }
  const id = await cloud.queue(deadLetterOf('', { kind: 'group', source, group: GROUP }))
  expect(await discardLines(cloud.deployment, new Set([id]), NEVER, { time: clock })).toMatchObject({ discarded: 1, missing: 0 })
  expect(JSON.parse(await cloud.read(closedLinesKey(source, 'groups')))).toMatchObject({ discarded: { invalid_json: 12_000 } })
  expect([await copies([id]), await cloud.queued()]).toEqual([[id], 0])
})

test.each(['discard', 'replay'] as const)(
  'a discard that is killed before any of its requests, followed by a %s, leaves each dead letter sent, or stored and closed',
  async (again) => {
    const all = await discardTwice(Infinity, again)
    expect(all).toBeGreaterThan(10)
    for (let killedAt = 1; killedAt <= all; killedAt += 1) await discardTwice(killedAt, again)
  },
)
