import { NEW_SEARCH, searchBody } from '../../../lambda/intake/search.ts'
import { readMessage } from '../../../lambda/intake/message.ts'
import { OutOfTime } from '../../../lambda/errors.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { LAST_SEARCH_KEY, reportKey } from '../../../lambda/keys.ts'
import type { ListedFile, ListedReport, Ports } from '../../../lambda/ports.ts'
import type { Report } from '../../../lambda/report/report.ts'
import { invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const PAGE = 1_000
const INVOCATION_MS = 14 * 60_000
const DAY_MS = 86_400_000

export interface Searched {
  readonly invocations: number
  readonly minutes: number
  readonly files: number
  readonly lists: number
  readonly reads: number
}

export interface LargeBucket {
  readonly files: number
  /** Files that are uploaded and imported each day. The oldest was uploaded `files / filesPerDay` days ago. */
  readonly filesPerDay: number
  readonly listMs: number
  readonly readMs: number
  readonly days: number
  /** The day before the first day was searched too. */
  readonly isSearchedBefore?: boolean
}

/** The daily searches of a bucket in which all imports have ended, on a virtual clock. The file `n` was uploaded `n / filesPerDay` days after the first. */
export async function searchDaily({
  files,
  filesPerDay,
  listMs,
  readMs,
  days,
  isSearchedBefore,
}: LargeBucket): Promise<readonly Searched[]> {
  const cloud = new MemoryCloud()
  const { clock } = cloud
  const first = clock.now() - (files / filesPerDay) * DAY_MS
  const uploadedAt = (n: number) => first + (n / filesPerDay) * DAY_MS
  const fileOf = (n: number) => ({ bucket: 'b', key: `incoming/${String(n).padStart(9, '0')}.json`, versionId: 'v' })
  const numberIn = (key: string) => Number(/\d{9}/.exec(key)?.[0])
  const count = () => files + Math.floor(((clock.now() - first) / DAY_MS - files / filesPerDay) * filesPerDay)
  const calls = { lists: 0, reads: 0 }
  const listed = async () => {
    calls.lists += 1
    await clock.sleep(listMs)
  }
  const queue: string[] = []
  const ports: Ports = {
    ...cloud.ports,
    importQueue: { send: (body) => Promise.resolve(void queue.push(body)) },
    reports: {
      ...cloud.ports.reports,
      find: async (_bucket, key) => {
        calls.reads += 1
        await clock.sleep(readMs)
        return { report: { state: 'complete' } as Report, tag: 't', writtenAt: new Date(uploadedAt(numberIn(key)) + 60_000) }
      },
    },
    listing: {
      scope: 's3://b/incoming/',
      async *pages(after) {
        for (let from = after === undefined ? 0 : numberIn(after.key) + 1; from < count(); from += PAGE) {
          await listed()
          yield Array.from({ length: Math.min(PAGE, count() - from) }, (_, index): ListedFile => ({
            file: fileOf(from + index),
            lastModified: new Date(uploadedAt(from + index)),
            isLatest: true,
          }))
        }
      },
      async *reportsFrom(key) {
        for (let from = numberIn(key); from < count(); from += PAGE) {
          await listed()
          yield Array.from({ length: Math.min(PAGE, count() - from) }, (_, index): ListedReport => ({
            key: reportKey(fileOf(from + index)),
            writtenAt: new Date(uploadedAt(from + index) + 60_000),
          }))
        }
      },
    },
  }
  if (isSearchedBefore === true)
    cloud.write(LAST_SEARCH_KEY, {
      schema: 'kissmetrics-importer/last-search/v1',
      scope: ports.listing.scope,
      finalUntil: clock.now() - DAY_MS - 23 * 3_600_000,
      unfinished: [],
    })
  const results: Searched[] = []
  for (let day = 0; day < days; day += 1) {
    const start = clock.now()
    Object.assign(calls, { lists: 0, reads: 0 })
    queue.push(searchBody(NEW_SEARCH))
    let invocations = 0
    for (let body = queue.shift(); body !== undefined; body = queue.shift()) {
      invocations += 1
      if (invocations > 20) throw new Error('the search does not end')
      const ending = new AbortController()
      void clock.sleep(INVOCATION_MS).then(() => {
        ending.abort(new OutOfTime())
      })
      const { isAcknowledged } = await handleMessage(() => readMessage(body), ports, invocation({ ending: ending.signal }))
      if (!isAcknowledged) throw new Error('the search failed')
    }
    const facts = cloud.events.at(-1)?.facts
    if (facts?.['isWhole'] !== true) throw new Error('the search has not come to its end')
    const minutes = Math.round((clock.now() - start) / 60_000)
    results.push({ invocations, minutes, files: Number(facts['files']), ...calls })
    await clock.sleep(start + DAY_MS - clock.now())
  }
  return results
}
