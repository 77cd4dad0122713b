import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { listObjects } from '../../../cli/deployment/list-objects.ts'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { discardLines } from '../../../cli/rejects/discard-lines.ts'
import { groupIdOf, groupLineId } from '../../../cli/rejects/group-id.ts'
import { GroupSends } from '../../../cli/rejects/group-sends.ts'
import { replayGroups, type GroupReplayResult } from '../../../cli/rejects/replay-groups.ts'
import { selectForReplay } from '../../../cli/rejects/replay-lines.ts'
import type { EditedLine } from '../../../cli/rejects/replay-upload.ts'
import type { Deployment } from '../../../cli/deployment/deployment.ts'
import { closedLinesKey, replayOriginsKey } from '../../../lambda/keys.ts'
import type { DeadLetter } from '../../../lambda/settle/dead-letter.ts'
import type { ReplayOrigins } from '../../../lambda/settle/replay-origins.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'
import { killable } from './killable.ts'

const clock = new ManualClock(Date.now())
let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start(clock.now)
})
afterAll(async () => {
  await cloud[Symbol.asyncDispose]()
})

/** Lines of the group. Lines 3 and 6 of the file are not in it. */
const LINES = [1, 2, 4, 5, 7]
const GROUP = { lines: LINES.length, ranges: [[1, 2], [4, 5], [7, 7]], examples: [] } as const // prettier-ignore

let runs = 0

interface Group {
  readonly deadLetter: DeadLetter
  /** Message ids. */
  readonly ids: readonly string[]
}

/** The dead letter of a group, in the queue and in the bucket: a run that was killed has sent it twice. */
async function group(where: 'queue' | 'bucket' | 'both'): Promise<Group> {
  runs += 1
  const source = { bucket: BUCKET, key: `incoming/group-${runs}.json`, versionId: 'v' }
  const deadLetter = deadLetterOf('', { kind: 'group', source, group: GROUP })
  const ids: string[] = []
  if (where !== 'bucket') ids.push(await cloud.queue(deadLetter))
  if (where === 'queue') return { deadLetter, ids }
  ids.push(`group-${runs}`)
  await cloud.archive(`group-${runs}`, deadLetter, 'old')
  return { deadLetter, ids }
}

/** The text names the group and the line, so that it is known what was sent. */
function linesOf({ deadLetter }: Group, numbers: readonly number[], by: string): readonly EditedLine[] {
  const id = groupIdOf(deadLetter)
  return numbers.map((line) => ({
    id: groupLineId({ group: id, line }),
    line: JSON.stringify({ key: deadLetter.source.key, line, by }),
  }))
}

async function replay(deployment: Deployment, lines: readonly EditedLine[]): Promise<GroupReplayResult> {
  const ids = new Set(lines.map(({ id }) => id))
  await using selected = await selectForReplay(deployment, ids, NEVER, { time: clock })
  return await replayGroups(deployment, lines, selected, { time: clock })
}

const discard = ({ ids }: Group, { deployment } = cloud as { readonly deployment: Deployment }) =>
  discardLines(deployment, new Set(ids), NEVER, { time: clock })

interface SentLine {
  readonly key: string
  readonly line: number
}

/** The lines of a group in uploaded files. Each file says where its lines come from. */
async function sentOf({ deadLetter: { source } }: Group): Promise<readonly number[]> {
  const { s3 } = cloud.deployment
  const sent: number[] = []
  for await (const { key } of listObjects(s3, BUCKET, 'incoming/replays/')) {
    const lines = (await cloud.read(key)).trimEnd().split('\n').map((line) => JSON.parse(line) as SentLine) // prettier-ignore
    if (lines[0]?.key !== source.key) continue
    const { Metadata: { run = '' } = {} } = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }))
    const origins = JSON.parse(await cloud.read(replayOriginsKey(run))) as ReplayOrigins
    expect(origins.files).toEqual([source])
    expect(origins.lines).toEqual(lines.map(({ line }) => [0, line, 'rejected', 0, line]))
    sent.push(...lines.map(({ line }) => line))
  }
  return sent.toSorted((a, b) => a - b)
}

async function discardedOf({ deadLetter: { source } }: Group): Promise<number | undefined> {
  const key = closedLinesKey(source, 'groups')
  const found = await cloud.deployment.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key })).catch(() => undefined)
  const { discarded = {} } = JSON.parse((await found?.Body?.transformToString()) ?? '{}') as {
    readonly discarded?: Readonly<Record<string, number>>
  }
  return discarded.invalid_json
}

/** Dead letters of the group that are left. */
async function leftOf({ ids }: Group): Promise<number> {
  const archived = await cloud.read(`archived/2026-03-20/group-${runs}.jsonl`).catch(() => '')
  return (await cloud.queued()) + ids.filter((id) => archived.includes(JSON.stringify(id))).length
}

/** Tries each request in turn: before it, the process is killed. */
async function atEachRequest(attempt: (killedAt: number) => Promise<number>): Promise<void> {
  const all = await attempt(Infinity)
  expect(all).toBeGreaterThan(8)
  for (let killedAt = 1; killedAt <= all; killedAt += 1) await attempt(killedAt)
}

test.each(['queue', 'bucket', 'both'] as const)(
  'a replay of lines of a group that is killed before any of its requests sends each line once, in whatever way it is repeated: %s',
  async (where) => {
    await atEachRequest(async (killedAt) => {
      const some = await group(where)
      const { deployment, requests } = killable(cloud.deployment, killedAt)
      await replay(deployment, linesOf(some, [1, 2, 4], 'first')).catch(() => undefined)
      clock.advance(301_000)
      await replay(cloud.deployment, linesOf(some, [4, 5], 'second'))
      expect(await leftOf(some)).toBe(some.ids.length)
      await replay(cloud.deployment, linesOf(some, LINES, 'third'))
      expect([await sentOf(some), await leftOf(some), await discardedOf(some)]).toEqual([LINES, 0, undefined])
      expect(await replay(cloud.deployment, linesOf(some, LINES, 'fourth'))).toMatchObject({ lines: 0, missing: LINES.length })
      return requests()
    })
  },
)

test('a replay of the last lines of a group that is killed leaves a dead letter without lines, which the next replay removes', async () => {
  await atEachRequest(async (killedAt) => {
    const some = await group('both')
    const { deployment, requests } = killable(cloud.deployment, killedAt)
    await replay(deployment, linesOf(some, LINES, 'first')).catch(() => undefined)
    clock.advance(301_000)
    await replay(cloud.deployment, linesOf(some, LINES, 'second'))
    expect([await sentOf(some), await leftOf(some)]).toEqual([LINES, 0])
    return requests()
  })
})

test('a discard after a replay that was killed closes exactly the lines that were not sent', async () => {
  await atEachRequest(async (killedAt) => {
    const some = await group('both')
    const { deployment, requests } = killable(cloud.deployment, killedAt)
    await replay(deployment, linesOf(some, [1, 2, 4], 'first')).catch(() => undefined)
    clock.advance(301_000)
    await discard(some)
    const sent = await sentOf(some)
    expect([[], [1, 2, 4]]).toContainEqual(sent)
    expect([await discardedOf(some), await leftOf(some)]).toEqual([LINES.length - sent.length, 0])
    return requests()
  })
})

test.each(['discard', 'replay'] as const)(
  'after a discard that was killed, a %s finishes it, or each line is sent',
  async (next) => {
    await atEachRequest(async (killedAt) => {
      const some = await group('both')
      await replay(cloud.deployment, linesOf(some, [1, 2], 'first'))
      const killed = killable(cloud.deployment, killedAt)
      await discard(some, killed).catch(() => undefined)
      clock.advance(301_000)
      if (next === 'discard') await discard(some)
      else await replay(cloud.deployment, linesOf(some, LINES, 'second'))
      const sent = await sentOf(some)
      expect(next === 'discard' ? [[1, 2]] : [[1, 2], LINES]).toContainEqual(sent)
      const discarded = await discardedOf(some)
      expect((discarded ?? 0) + sent.length).toBe(LINES.length)
      await discard(some)
      expect(await leftOf(some)).toBe(0)
      return killed.requests()
    })
  },
)

test('a discard while a replay may still upload leaves the dead letter to it', async () => {
  const some = await group('queue')
  const { reason } = some.deadLetter
  // Whether its upload has reached S3, only its file says, for as long as it may still come.
  const send = { reason, run: 'run', file: 'incoming/replays/a.json', at: new Date(clock.now()).toISOString() }
  await new GroupSends(cloud.deployment, some.deadLetter, clock).take({ ...send, lines: [[1, 2]] })
  expect(await discard(some)).toMatchObject({ discarded: 0, missing: 1 })
  clock.advance(301_000)
  expect(await discard(some)).toMatchObject({ discarded: 1, missing: 0 })
  expect([await sentOf(some), await discardedOf(some)]).toEqual([[], LINES.length])
})

test('two replays at the same time send each line of a group once', async () => {
  for (const where of ['bucket', 'both'] as const) {
    const some = await group(where)
    const results = await Promise.all([
      replay(cloud.deployment, linesOf(some, [1, 2, 4], 'one')),
      replay(cloud.deployment, linesOf(some, [2, 4, 5, 7], 'other')),
    ])
    expect(results.reduce((sum, { lines }) => sum + lines, 0)).toBe((await sentOf(some)).length)
    clock.advance(301_000)
    await replay(cloud.deployment, linesOf(some, LINES, 'third'))
    expect([await sentOf(some), await leftOf(some)]).toEqual([LINES, 0])
  }
})
