import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import { readMessage } from '../../../lambda/intake/message.ts'
import { NEW_SEARCH } from '../../../lambda/intake/search.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { search } from '../../../lambda/jobs/search.ts'
import { LAST_SEARCH_KEY, reportKey } from '../../../lambda/keys.ts'
import type { ListedFile, Ports } from '../../../lambda/ports.ts'
import type { Report, ReportState } from '../../../lambda/report/report.ts'
import { invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { searchDaily } from './search-simulation.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const STALE_MS = 23 * HOUR_MS

describe('a search that lists the reports of a page finds what reading each of them would find', () => {
  const NOW = Date.parse('2026-03-01T12:00:00Z')
  // Parts whose order changes when a slash follows, long ones whose report has a shortened key, and UTF-16 that sorts otherwise than UTF-8.
  const key = fc
    .array(fc.constantFrom('a', 'a.json', 'a-1', 'ä', '\u{1f600}', '\ufb01', 'b'.repeat(950)), { minLength: 1, maxLength: 3 })
    .map((parts) => `incoming/${parts.join('/').slice(0, 1_000)}`)
  const state = fc.constantFrom<ReportState | 'none'>('none', 'importing', 'complete', 'failed')
  const object = fc.record({ key, version: fc.constantFrom('1', '2'), state, hours: fc.integer({ min: 0, max: 48 }) })

  test('for any keys and versions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { minLength: 17, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (objects, pageSize) => {
          const files = objects.map((each): ListedFile => ({
            file: { bucket: 'b', key: each.key, versionId: each.version },
            lastModified: new Date(NOW - 60 * HOUR_MS),
            isLatest: true,
          }))
          const reports = new Map(
            objects
              .map((each, index) => [reportKey(files[index]!.file), each] as const)
              .filter(([, each]) => each.state !== 'none'),
          )
          const writtenAt = (hours: number) => new Date(NOW - hours * HOUR_MS)
          const inOrder = [...reports.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          const read: string[] = []
          const queued: string[] = []
          const ports: Pick<Ports, 'listing' | 'reports' | 'importQueue' | 'clock'> = {
            listing: {
              scope: '',
              async *pages() {
                yield await Promise.resolve(files)
              },
              async *reportsFrom(first) {
                const rest = inOrder.filter((each) => Buffer.compare(Buffer.from(each), Buffer.from(first)) >= 0)
                for (let from = 0; from < rest.length; from += pageSize)
                  yield await Promise.resolve(
                    rest
                      .slice(from, from + pageSize)
                      .map((each) => ({ key: each, writtenAt: writtenAt(reports.get(each)!.hours) })),
                  )
              },
            },
            reports: {
              find: (_bucket, wanted) => {
                read.push(wanted)
                const found = reports.get(wanted)
                return Promise.resolve(
                  found && { report: { state: found.state } as Report, tag: 't', writtenAt: writtenAt(found.hours) },
                )
              },
              replace: () => Promise.reject(new Error('a search must not write reports')),
            },
            importQueue: {
              send: (body) => {
                for (const work of readMessage(body)) if (work.kind === 'task') queued.push(reportKey(work.task.file))
                return Promise.resolve()
              },
            },
            clock: { now: () => NOW, chance: () => 0, sleep: () => Promise.resolve() },
          }
          await search(ports, { staleMs: STALE_MS })
          const isMissed = (wanted: string) => {
            const found = reports.get(wanted)
            return found === undefined || (found.state === 'importing' && found.hours * HOUR_MS >= STALE_MS)
          }
          expect(queued.toSorted()).toEqual(
            files
              .map(({ file }) => reportKey(file))
              .filter(isMissed)
              .toSorted(),
          )
          // The first pages of the reports hold most of them, and what is young there is not read.
          const listedFirst = inOrder.slice(0, pageSize)
          expect(read.filter((each) => listedFirst.includes(each) && reports.get(each)!.hours * HOUR_MS < STALE_MS)).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the search of the next day', () => {
  const MANY = 150

  /** Files that were uploaded two days ago. The reports of some have not ended. */
  function withReports(unfinished: number): MemoryCloud {
    const cloud = new MemoryCloud()
    const uploadedAt = cloud.clock.now()
    cloud.listed = Array.from({ length: MANY }, (_, index) => ({
      file: { bucket: 'b', key: `incoming/${String(index).padStart(4, '0')}.json`, versionId: 'v' },
      lastModified: new Date(uploadedAt),
      isLatest: true,
    }))
    for (const [index, { file }] of cloud.listed.entries())
      cloud.write(reportKey(file), { state: index < unfinished ? 'importing' : 'complete' })
    return cloud
  }

  /** @returns how many reports it reads, and how many files it queues */
  async function searchOf(cloud: MemoryCloud, ports: Partial<Ports> = {}): Promise<{ reads: number; queued: number }> {
    let reads = 0
    const reports: Ports['reports'] = {
      ...cloud.ports.reports,
      find: (bucket, key) => {
        reads += 1
        return cloud.ports.reports.find(bucket, key)
      },
    }
    cloud.queued.length = 0
    await handleMessage(() => [{ kind: 'reconcile', search: NEW_SEARCH }], { ...cloud.ports, reports, ...ports }, invocation())
    await cloud.clock.sleep(DAY_MS)
    return { reads, queued: cloud.queued.length }
  }

  test('reads no report while all are young, each once when it is a day old, and then none', async () => {
    const cloud = withReports(0)
    await cloud.clock.sleep(HOUR_MS)
    expect(await searchOf(cloud)).toEqual({ reads: 0, queued: 0 })
    expect(await searchOf(cloud)).toEqual({ reads: MANY, queued: 0 })
    expect(await searchOf(cloud)).toEqual({ reads: 0, queued: 0 })
  })

  test('reads and queues again only those that are unfinished', async () => {
    const cloud = withReports(2)
    await cloud.clock.sleep(DAY_MS)
    expect(await searchOf(cloud)).toEqual({ reads: MANY, queued: 2 })
    expect(await searchOf(cloud)).toEqual({ reads: 2, queued: 2 })
    cloud.write(reportKey(cloud.listed[0]!.file), { state: 'complete' })
    await cloud.clock.sleep(DAY_MS)
    expect(await searchOf(cloud)).toEqual({ reads: 2, queued: 1 })
    expect(await searchOf(cloud)).toEqual({ reads: 1, queued: 1 })
  })

  test('forgets no unfinished one, if there are more than it names', async () => {
    const cloud = withReports(120)
    await cloud.clock.sleep(DAY_MS)
    expect(await searchOf(cloud)).toEqual({ reads: MANY, queued: 120 })
    expect(await searchOf(cloud)).toMatchObject({ queued: 120 })
  })

  test('reads a report that was written since', async () => {
    const cloud = withReports(0)
    await cloud.clock.sleep(DAY_MS)
    await searchOf(cloud)
    const { file } = cloud.listed[7]!
    cloud.write(reportKey(file), { state: 'importing' })
    await cloud.clock.sleep(DAY_MS)
    expect(await searchOf(cloud)).toEqual({ reads: 1, queued: 1 })
  })

  test('trusts nothing that a search has found which an older version has begun', async () => {
    const cloud = withReports(1)
    await cloud.clock.sleep(DAY_MS)
    const after = { key: cloud.listed.at(-1)!.file.key, versionId: 'v' }
    await handleMessage(
      () => [{ kind: 'reconcile', search: { ...NEW_SEARCH, after } }],
      { ...cloud.ports, listing: { ...cloud.ports.listing, pages: () => none() } },
      invocation(),
    )
    expect(cloud.read(LAST_SEARCH_KEY)).toBeUndefined()
    expect(await searchOf(cloud)).toEqual({ reads: MANY, queued: 1 })
  })
})

test('a search looks at the time on pages where nothing is to check', async () => {
  const cloud = new MemoryCloud()
  cloud.listed = [{ file: { bucket: 'b', key: 'incoming/old.json' }, lastModified: new Date(0), isLatest: true }]
  const options = { staleMs: STALE_MS, maxAgeMs: DAY_MS }
  expect(await search(cloud.ports, options)).toMatchObject({ files: 0, isWhole: true })
  expect(await search(cloud.ports, { ...options, ending: AbortSignal.abort() })).toMatchObject({ files: 0, isWhole: false })
})

describe('a bucket with very many files', () => {
  test('takes a bounded time each day: two listings for a thousand files, and one read for each file of the day before', async () => {
    const days = await searchDaily({ files: 60_000, filesPerDay: 2_000, listMs: 10_000, readMs: 30, days: 3 })
    for (const { invocations, files, lists, reads } of days.slice(1)) {
      expect(files).toBeGreaterThan(59_000)
      expect(lists).toBeLessThan(3 * 60 + 10)
      expect(reads).toBeLessThan(2_000 * 1.1)
      expect(invocations).toBe(2)
    }
    expect(days[0]!.reads).toBeGreaterThan(57_000)
  })
})

async function* none(): AsyncGenerator<never> {
  // nothing
}
