import { describe, expect, test } from '@jest/globals'
import type { SourceFile } from '../../../lambda/intake/source-file.ts'
import { readMessage, type Work } from '../../../lambda/intake/message.ts'
import { NEW_SEARCH } from '../../../lambda/intake/search.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import { handleMessage, type Handled } from '../../../lambda/jobs/dispatch.ts'
import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import { search, type SearchOptions } from '../../../lambda/jobs/search.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'
import { OutOfTime } from '../../../lambda/errors.ts'
import type { ListedFile } from '../../../lambda/ports.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const HOUR_MS = 3_600_000

function listed(name: string, { ageHours = 5, isLatest = true } = {}): ListedFile {
  const file: SourceFile = { bucket: 'b', key: `incoming/${name}`, versionId: 'v', bytes: 1 }
  return { file, lastModified: new Date(NOW - ageHours * HOUR_MS), isLatest }
}

/** Searches listed files. @param reports their states, and how many hours ago they were written @returns the names of the queued files */
async function queued(
  files: readonly ListedFile[],
  reports: Readonly<Record<string, readonly [ReportState, number]>> = {},
  options: Partial<SearchOptions> = {},
): Promise<readonly string[]> {
  const sent: string[] = []
  const byKey = new Map(
    Object.entries(reports).map(([name, [state, hours]]) => [
      reportKey(listed(name).file),
      { report: { state } as Report, tag: 't', writtenAt: new Date(NOW - hours * HOUR_MS) },
    ]),
  )
  async function* pages() {
    for (const file of files) yield await Promise.resolve([file])
  }
  await search(
    {
      listing: { pages, scope: '', reportsFrom: () => { throw new Error('so few reports are read one by one') } }, // prettier-ignore
      reports: {
        find: (_bucket, key) => Promise.resolve(byKey.get(key)),
        replace: () => Promise.reject(new Error('a search must not write reports')),
      },
      importQueue: {
        send: (body) => {
          for (const work of readMessage(body)) if (work.kind === 'task') sent.push(work.task.file.key.replace('incoming/', ''))
          return Promise.resolve()
        },
      },
      clock: { now: () => NOW, chance: () => 0, sleep: () => Promise.resolve() },
    },
    { staleMs: 24 * HOUR_MS, ...options },
  )
  return sent
}

// prettier-ignore
test.each<[string, Parameters<typeof queued>, readonly string[]]>([
  //  found                                            files, reports, options                                                             queued
  [ 'nothing',                                         [[]],                                                                               [] ],
  [ 'a file without a report',                         [[listed('a.json')]],                                                               ['a.json'] ],
  [ 'an object that was skipped',                      [[listed('a.txt')], { 'a.txt': ['skipped', 50] }],                                  [] ],
  [ 'files whose imports have ended',                  [['c', 'r', 'f', 'g', 's'].map((name) => listed(`${name}.json`)), { 'c.json': ['complete', 50], 'r.json': ['complete-with-rejects', 50], 'f.json': ['failed', 50], 'g.json': ['gone', 50], 's.json': ['superseded', 50] }], [] ],
  [ 'a file that is being imported',                   [[listed('a.json')], { 'a.json': ['importing', 1] }],                               [] ],
  [ 'a file whose report is a day old and unfinished', [[listed('a.json')], { 'a.json': ['importing', 25] }],                              ['a.json'] ],
  [ 'objects with any name: their content decides',    [[listed('a.txt'), listed('b.JSON'), listed('part_00')]],                           ['a.txt', 'b.JSON', 'part_00'] ],
  [ 'a file that is too young',                        [[listed('a.json', { ageHours: 0.2 })], {}, { minAgeMs: HOUR_MS }],                 [] ],
  [ 'a file that is too old',                          [[listed('a.json', { ageHours: 50 })], {}, { maxAgeMs: 49 * HOUR_MS }],             [] ],
  [ 'only files that were uploaded in a period',       [['a', 'b', 'c'].map((name, index) => listed(`${name}.json`, { ageHours: 5 - index })), {}, { uploadedFrom: NOW - 4 * HOUR_MS, uploadedBefore: NOW - 3 * HOUR_MS }], ['b.json'] ],
  [ 'a version that was replaced',                     [[listed('a.json', { isLatest: false })], {}, { onlyLatest: true }],                [] ],
  [ 'the same, if every version counts',               [[listed('a.json', { isLatest: false })]],                                          ['a.json'] ],
  [ 'a file, in a dry run',                            [[listed('a.json')], {}, { isDryRun: true }],                                       [] ],
  [ 'a file, when there is no more time',              [[listed('a.json')], {}, { ending: AbortSignal.abort() }],                          [] ],
])('%s', async (_what, args, expected) => {
  expect(await queued(...args)).toEqual(expected)
})

describe('one message of a split file is removed from the queue', () => {
  const LINE_BYTES = goodLine().length + 1
  const DAY_MS = 24 * HOUR_MS

  /** Five segments of two lines. The message of the third is lost, the others are imported. */
  async function withLostSegment(): Promise<MemoryCloud> {
    const cloud = new MemoryCloud({ limits: { segmentBytes: 2 * LINE_BYTES } })
    cloud.put(...Array.from({ length: 10 }, (_, index) => goodLine(index)))
    cloud.listed = [{ file: FILE, lastModified: new Date(cloud.clock.now()), isLatest: true }]
    await handle(cloud, { kind: 'task', task: newTask(FILE) })
    cloud.queued.splice(2, 1)
    await handleQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'importing', lines: { total: 10, delivered: 8 } })
    return cloud
  }

  function handle(cloud: MemoryCloud, work: Work): Promise<Handled> {
    return handleMessage(() => [work], cloud.ports, invocation())
  }

  async function handleQueued(cloud: MemoryCloud): Promise<void> {
    for (let next = cloud.queued.shift(); next !== undefined; next = cloud.queued.shift())
      await handle(cloud, { kind: 'task', task: next.task })
  }

  test('the daily search finishes the import', async () => {
    const cloud = await withLostSegment()
    await cloud.clock.sleep(DAY_MS)
    await handle(cloud, { kind: 'reconcile', search: NEW_SEARCH })
    expect(cloud.codes.at(-1)).toBe('missed_files_queued')
    await handleQueued(cloud)
    expect(cloud.codes).toContain('segments_requeued')
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 10, delivered: 10 }, repeatsPossible: 0 })
    expect(new Set(cloud.requests).size).toBe(cloud.requests.length)
  })

  test('the daily search finds segments that an earlier run has queued before it could complete the plan', async () => {
    const cloud = await withLostSegment()
    const key = checkpointKey(FILE, 'plan')
    cloud.write(key, { ...(cloud.read(key) as object), isComplete: false })
    await cloud.clock.sleep(DAY_MS)
    await handle(cloud, { kind: 'reconcile', search: NEW_SEARCH })
    await handleQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { total: 10, delivered: 10 }, repeatsPossible: 0 })
  })

  test('a file that had news when the search of the day before ran is found a day later', async () => {
    const cloud = await withLostSegment()
    await cloud.clock.sleep(DAY_MS - 1_000)
    await handle(cloud, { kind: 'reconcile', search: NEW_SEARCH })
    expect(cloud.queued).toHaveLength(1)
  })

  test('so does any later delivery of the message of the file, but none that comes soon', async () => {
    const cloud = await withLostSegment()
    const event: Work = { kind: 'task', task: newTask(FILE) }
    await cloud.clock.sleep(60_000)
    await handle(cloud, event)
    expect(cloud.queued).toEqual([])
    await cloud.clock.sleep(HOUR_MS)
    await handle(cloud, event)
    await handleQueued(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 10 } })
  })
})

test('a search that has no time for a single page does not go on for ever', async () => {
  const cloud = new MemoryCloud()
  cloud.listed = [listed('a.json')]
  await cloud.clock.sleep(HOUR_MS)
  const none = invocation({ ending: AbortSignal.abort(new OutOfTime()) })
  await handleMessage(() => [{ kind: 'reconcile', search: NEW_SEARCH }], cloud.ports, none)
  expect(cloud.queued).toEqual([])
  expect(cloud.events.at(-1)?.facts).toMatchObject({ isWhole: false })
})
