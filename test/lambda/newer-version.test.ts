import { glob, readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime, SetupError } from '../../lambda/errors.ts'
import { readMessage } from '../../lambda/intake/message.ts'
import { searchBody, NEW_SEARCH } from '../../lambda/intake/search.ts'
import { taggedBody } from '../../lambda/intake/tagged-object.ts'
import { newTask, taskBody } from '../../lambda/intake/task.ts'
import { handleMessage } from '../../lambda/jobs/dispatch.ts'
import { ARCHIVE_SCHEMA, checkpointKey, reportKey, safetyKey } from '../../lambda/keys.ts'
import { reject } from '../../lambda/reasons.ts'
import { isNewer } from '../../lambda/common/schema.ts'
import { lineDeadLetter } from '../../lambda/settle/build-dead-letter.ts'
import { toBody } from '../../lambda/settle/dead-letter.ts'
import { ACCEPTED, FILE, goodLine, invocation, MemoryCloud } from '../support/memory-cloud.ts'

// After a rollback, this version meets what a newer one has stored and sent.

const NAME = 'kissmetrics-importer/checkpoint'

// prettier-ignore
test.each([
  //  schema                                newer?
  [ `${NAME}/v2`,                           true ],
  [ `${NAME}/v10`,                          true ],
  [ `${NAME}/v1`,                           false ],
  [ `${NAME}/v0`,                           false ],
  [ `${NAME}/v2.1`,                         false ],
  [ `${NAME}/v02`,                          false ],
  [ `${NAME}/v`,                            false ],
  [ `${NAME}s/v2`,                          false ],
  [ 'kissmetrics-importer/plan/v2',         false ],
  [ 'another-importer/checkpoint/v2',       false ],
  [ `x${NAME}/v2`,                          false ],
  [ undefined,                              false ],
  [ 2,                                      false ],
])('a document with schema %p is newer than checkpoint/v1: %p', (schema, newer) => {
  expect(isNewer({ schema }, `${NAME}/v1`)).toBe(newer)
})

test.each([undefined, null, 7, 'kissmetrics-importer/checkpoint/v2', []])('%p is not a newer document', (value) => {
  expect(isNewer(value, `${NAME}/v1`)).toBe(false)
})

const FILE_TASK = taskBody(newTask(FILE))
const SEGMENT = { index: 1, byteStart: 0, byteEnd: goodLine().length + 1, firstLine: 1, lines: 1 }
const SEGMENT_TASK = taskBody({ ...newTask(FILE), segment: SEGMENT })
const DEAD_LETTER = toBody(
  lineDeadLetter(
    { file: FILE, replays: 0, lastModified: new Date('2026-01-01') },
    { number: 1, byteStart: 0, byteEnd: goodLine().length, text: goodLine() },
    reject('endpoint_refused'),
    1,
    0,
  ),
)
/** A newer version may have changed everything but the schema. */
const documentOf = (kind: string) => ({ schema: `kissmetrics-importer/${kind}/v2`, everything: ['is', 'different'] })

function withFile(stored?: readonly [key: string, kind: string]): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.put(goodLine())
  if (stored !== undefined) cloud.write(stored[0], documentOf(stored[1]))
  return cloud
}

async function deliver(body: string, cloud: MemoryCloud, ending = new AbortController().signal) {
  return handleMessage(() => readMessage(body), cloud.ports, invocation({ ending }))
}

function contentOf({ documents }: MemoryCloud) {
  return [...documents].map(([key, { text }]) => [key, text])
}

function setupErrors({ counted }: MemoryCloud): number {
  return counted.reduce((sum, { metric, value }) => sum + (metric === 'SetupErrors' ? value : 0), 0)
}

describe('a stored document of a newer version: the work waits, nothing is sent, and nothing is overwritten', () => {
  // prettier-ignore
  test.each<[string, key: string, kind: string, message: string]>([
    //  document                       stored under                  kind          met by
    [ 'checkpoint of a file',          checkpointKey(FILE, 1),       'checkpoint', FILE_TASK ],
    [ 'checkpoint of a segment',       checkpointKey(FILE, 1),       'checkpoint', SEGMENT_TASK ],
    [ 'split plan, met by the file',   checkpointKey(FILE, 'plan'),  'plan',       FILE_TASK ],
    [ 'split plan, met by a segment',  checkpointKey(FILE, 'plan'),  'plan',       SEGMENT_TASK ],
    [ 'report, met by the file',       reportKey(FILE),              'report',     FILE_TASK ],
    [ 'report, met by a segment',      reportKey(FILE),              'report',     SEGMENT_TASK ],
    [ 'decision, met by the file',     safetyKey(FILE),              'safety',     FILE_TASK ],
    [ 'decision, met by a segment',    safetyKey(FILE),              'safety',     SEGMENT_TASK ],
  ])('%s', async (_document, key, kind, message) => {
    const cloud = withFile([key, kind])
    const before = contentOf(cloud)
    expect(await deliver(message, cloud)).toEqual({ isAcknowledged: true })
    expect(contentOf(cloud)).toEqual(before)
    expect([cloud.requests, cloud.deadLetters]).toEqual([[], []])
    expect(cloud.queued).toMatchObject([{ delaySeconds: 30, task: { ...newTask(FILE), delays: 1 } }])
    expect(cloud.codes).toEqual(['newer_version'])
    expect(cloud.events[0]?.facts.detail).toBe(
      `${key} was written by a newer version of the importer. Use that version again, or a later one.`,
    )
    expect(setupErrors(cloud)).toBe(1)
  })

  test('decision, met by a tag: its event waits', async () => {
    const cloud = withFile([safetyKey(FILE), 'safety'])
    cloud.tags.set('km-import', 'release')
    const before = contentOf(cloud)
    expect(await deliver(taggedBody(FILE), cloud)).toEqual({ isAcknowledged: true })
    expect(contentOf(cloud)).toEqual(before)
    expect(cloud.sent).toEqual([{ body: taggedBody(FILE), delaySeconds: 900 }])
  })

  test('the work waits longer each time, and at most 15 minutes', async () => {
    const cloud = withFile([checkpointKey(FILE, 1), 'checkpoint'])
    let body = FILE_TASK
    for (let times = 0; times < 8; times += 1) {
      await deliver(body, cloud)
      body = cloud.sent.at(-1)!.body
    }
    expect(cloud.sent.map(({ delaySeconds }) => delaySeconds)).toEqual([30, 60, 120, 240, 480, 900, 900, 900])
  })

  test('work with a damaged checkpoint does not wait: it begins again', async () => {
    const cloud = withFile()
    cloud.write(checkpointKey(FILE, 1), { schema: 'something else' })
    await deliver(FILE_TASK, cloud)
    expect([cloud.report?.state, cloud.requests.length]).toEqual(['complete', 1])
  })

  test('a file that is imported is finished, whatever its plan is', async () => {
    const cloud = withFile()
    await deliver(FILE_TASK, cloud)
    cloud.write(checkpointKey(FILE, 'plan'), documentOf('plan'))
    await deliver(FILE_TASK, cloud)
    expect([cloud.codes.at(-1), cloud.queued]).toEqual(['file_skipped', []])
  })

  test('an object that is not a file to import waits too', async () => {
    const file = { ...FILE, key: 'incoming/notes' }
    const cloud = withFile([reportKey(file), 'report'])
    await deliver(taskBody(newTask(file)), cloud)
    expect([cloud.codes, cloud.queued.length]).toEqual([['newer_version'], 1])
  })

  test('the checkpoint is replaced while this version works: the lease is lost, and nothing is overwritten', async () => {
    const cloud = withFile()
    const { answer } = cloud
    cloud.answer = (path) => {
      cloud.write(checkpointKey(FILE, 1), documentOf('checkpoint'))
      return answer(path)
    }
    expect(await deliver(FILE_TASK, cloud)).toMatchObject({ isAcknowledged: false })
    expect(cloud.codes).toEqual(['file_opened', 'lease_lost'])
    expect(cloud.checkpoint()).toEqual(documentOf('checkpoint'))
  })

  test('the report is replaced while this version works: it is not overwritten, and the work waits', async () => {
    const cloud = withFile()
    const { answer } = cloud
    cloud.answer = (path) => {
      cloud.write(reportKey(FILE), documentOf('report'))
      return answer(path)
    }
    expect(await deliver(FILE_TASK, cloud)).toEqual({ isAcknowledged: true })
    expect(cloud.codes).toEqual(['file_opened', 'newer_version'])
    expect(cloud.report).toEqual(documentOf('report'))
    expect([cloud.requests.length, cloud.queued.length]).toEqual([1, 1])
  })
})

describe('a message of a newer version waits as it is, for 15 minutes at a time, and no delivery of it is used up', () => {
  // prettier-ignore
  test.each([
    //  message                                       as this version writes it
    [ 'task of a file',                               FILE_TASK ],
    [ 'task of a segment',                            SEGMENT_TASK ],
    [ 'search for missed files',                      searchBody(NEW_SEARCH) ],
    [ 'event of a tag that waits',                    taggedBody(FILE) ],
    [ 'request to archive old dead letters',          JSON.stringify({ schema: ARCHIVE_SCHEMA }) ],
    [ 'dead letter that a person has redriven',       DEAD_LETTER ],
  ])('%s', async (_message, body) => {
    const newer = body.replace('/v1"', '/v2", "a": 1e400, "a": "\\uffff"') // as it is: not parsed and written again
    const cloud = withFile()
    expect(await deliver(newer, cloud)).toEqual({ isAcknowledged: true })
    expect(cloud.sent).toEqual([{ body: newer, delaySeconds: 900 }])
    expect([cloud.requests, contentOf(cloud), cloud.deadLetters]).toEqual([[], [], []])
    expect(cloud.codes).toEqual(['newer_version'])
    expect(setupErrors(cloud)).toBe(1)
  })

  test('it stays in the queue if it cannot be sent again', async () => {
    const cloud = withFile()
    cloud.failing.add('importQueue.send')
    expect(await deliver(FILE_TASK.replace('/v1"', '/v2"'), cloud)).toMatchObject({ isAcknowledged: false })
    expect(cloud.codes).toEqual(['newer_version', 'import_failed'])
  })
})

test('a search leaves a file with a report of a newer version to that version, and queues the other ones', async () => {
  const other = { ...FILE, key: 'incoming/b.json' }
  const cloud = withFile([reportKey(FILE), 'report'])
  cloud.listed = [FILE, other].map((file) => ({ file, lastModified: new Date(cloud.clock.now() - 3_600_000), isLatest: true }))
  await deliver(searchBody(NEW_SEARCH), cloud)
  expect(cloud.queued.map(({ task }) => task.file.key)).toEqual([other.key])
})

describe('fields that a newer version has added are kept when this version writes the document again', () => {
  const added = { addedLater: { by: 'a newer version' } }
  const plus = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), ...added })

  test('task that is deferred', async () => {
    const cloud = withFile([checkpointKey(FILE, 1), 'checkpoint'])
    await deliver(plus(FILE_TASK), cloud)
    expect(JSON.parse(cloud.sent[0]!.body)).toMatchObject(added)
  })

  test('dead letter that waits until the setup is right', async () => {
    const cloud = withFile()
    const ports = { ...cloud.ports, apiKey: () => Promise.reject(new SetupError('no key')) }
    await handleMessage(() => readMessage(plus(DEAD_LETTER)), ports, invocation())
    expect(JSON.parse(cloud.sent[0]!.body)).toMatchObject(added)
  })

  test('checkpoint', async () => {
    const cloud = withFile()
    await deliver(FILE_TASK, cloud, AbortSignal.abort(new InterruptedError()))
    cloud.write(checkpointKey(FILE, 1), { ...cloud.checkpoint(), ...added })
    await deliver(FILE_TASK, cloud)
    expect(cloud.checkpoint()).toMatchObject({ isDone: true, ...added })
  })

  test('split plan', async () => {
    const cloud = new MemoryCloud({ limits: { segmentBytes: 100 } })
    cloud.put(...Array.from({ length: 10 }, (_, n) => goodLine(n)))
    await deliver(FILE_TASK, cloud, AbortSignal.abort(new InterruptedError()))
    cloud.write(checkpointKey(FILE, 'plan'), { ...cloud.checkpoint('plan'), ...added })
    await deliver(FILE_TASK, cloud)
    expect(cloud.read(checkpointKey(FILE, 'plan'))).toMatchObject({ isComplete: true, ...added })
  })
})

/** What is stored and sent, as if every version in it were another one. */
function withVersion(text: string, version: 1 | 2): string {
  return text.replaceAll(/(kissmetrics-importer\/[a-z-]+\/v)\d/g, `$1${version}`)
}

describe('rolled back and forward again in the middle of an import: it ends exactly, and nothing is sent twice', () => {
  // prettier-ignore
  test.each([
    [ 'a whole file',  1_000_000 ],
    [ 'a split file',  400 ],
  ])('%s', async (_file, segmentBytes) => {
    const cloud = new MemoryCloud({ limits: { segmentBytes } })
    const lines = 40
    cloud.put(...Array.from({ length: lines }, (_, n) => goodLine(n + 1)))
    const rewrite = (version: 1 | 2): void => {
      for (const [key, { text }] of [...cloud.documents]) cloud.write(key, JSON.parse(withVersion(text, version)) as object)
    }
    let waiting: readonly string[] = [FILE_TASK]
    /** One delivery of each message. The time of an invocation is up after a few requests. */
    const deliverAll = async (version: 1 | 2): Promise<void> => {
      const messages = waiting
      cloud.sent.length = 0
      for (const message of messages) {
        const ending = new AbortController()
        const stopAt = cloud.requests.length + 7
        cloud.answer = () => {
          if (cloud.requests.length >= stopAt) ending.abort(new OutOfTime())
          return ACCEPTED
        }
        expect(await deliver(withVersion(message, version), cloud, ending.signal)).toEqual({ isAcknowledged: true })
      }
      waiting = cloud.sent.map(({ body }) => body)
    }
    for (let round = 0; round < 20 && waiting.length > 0; round += 1) {
      await deliverAll(1)
      const sent = cloud.requests.length
      rewrite(2) // a newer version was deployed, did its part, and is rolled back
      const stored = contentOf(cloud)
      await deliverAll(round % 2 === 0 ? 1 : 2)
      expect([cloud.requests.length, contentOf(cloud)]).toEqual([sent, stored])
      rewrite(1) // the newer version is deployed again
      waiting = waiting.map((message) => withVersion(message, 1))
    }
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: lines, delivered: lines }, repeatsPossible: 0 })
    expect(new Set(cloud.requests).size).toBe(lines)
    expect(cloud.requests).toHaveLength(lines)
    expect(cloud.deadLetters).toEqual([])
  })
})

test('docs/upgrade.md lists every schema', async () => {
  const schemas = new Set<string>()
  for (const folder of ['lambda', 'cli'])
    for await (const file of glob(`${folder}/**/*.ts`)) {
      const text = await readFile(file, 'utf8')
      for (const [, kind = ''] of text.matchAll(/'kissmetrics-importer\/([a-z-]+)\/v\d+'/g)) schemas.add(kind)
    }
  const page = await readFile('docs/upgrade.md', 'utf8')
  const listed = Array.from(page.matchAll(/^\| `([a-z-]+)` \|/gm), ([, kind]) => kind)
  expect(listed.toSorted()).toEqual([...schemas].sort())
})
