import { searchBody, type Search } from '../intake/search.ts'
import type { FoundReport, Ports } from '../ports.ts'
import { requestMissingAnswer } from './answer-request.ts'
import { readLastSearch, writeLastSearch } from './last-search.ts'
import { search, type UnfinishedReport } from './search.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Less than a day, so that the search of the next day sees that its work is stale. */
const DAILY_STALE_MS = DAY_MS - 60 * MINUTE_MS

/** The search reads a final report when it is a day old, or on one of the next days if a search was not done. */
const MAX_UNANSWERED_MS = 3 * DAY_MS

/** A key has up to 1,024 bytes, and a message with them must stay below the limit of SQS. */
const MAX_UNFINISHED = 100

/**
 * The daily search for missed files. If it takes longer than an invocation, a new message continues it.
 *
 * It lists files and reports, a thousand at a time, and reads a report only once, when it is a day old: docs/guarantees.md has the figures.
 *
 * @throws the error of S3 or SQS
 */
export async function reconcile(earlier: Search, ports: Ports, ending: AbortSignal): Promise<void> {
  const startedAt = earlier.startedAt ?? ports.clock.now()
  const found = await search(ports, {
    after: earlier.after,
    minAgeMs: 15 * MINUTE_MS,
    // Longer than a message can wait in both queues. Older files have been checked on many days.
    maxAgeMs: 30 * DAY_MS,
    staleMs: DAILY_STALE_MS,
    last: await readLastSearch(ports),
    onFinal: (report) => answerLost(report, ports),
    ending,
  })
  const files = earlier.files + found.files
  const queued = earlier.queued + found.queued
  ports.events.reconciled({ files, queued, late: found.late, isWhole: found.isWhole, reached: found.reached?.key })
  const established = establish({ finalUntil: startedAt - DAILY_STALE_MS, unfinished: [], ...earlier }, found.unfinished)
  // A message of an older version does not say when its search has started.
  const isWholeSince = earlier.after === undefined || earlier.startedAt !== undefined
  if (found.isWhole) {
    if (isWholeSince) await writeLastSearch({ ...established, run: ports.newRun(), finishedAt: ports.clock.now(), files }, ports)
    return
  }
  // Without a page that was checked to its end, the next invocation would get no further. The search of the next day tries again.
  if (found.reached === undefined) return
  await ports.importQueue.send(
    searchBody({ after: found.reached, files, queued, ...(isWholeSince && { startedAt, ...established }) }),
    0,
  )
}

/** The message that asks for an answer can be lost too. Older reports are from before answers were pushed. */
async function answerLost({ report, writtenAt }: FoundReport, ports: Ports): Promise<void> {
  if (ports.clock.now() - writtenAt.getTime() < MAX_UNANSWERED_MS) await requestMissingAnswer(report, ports)
}

type Established = Required<Pick<Search, 'finalUntil' | 'unfinished'>>

/** Names the unfinished reports as long as they are few. If there are more, all reports since the oldest of the others are read again. */
function establish({ finalUntil, unfinished }: Established, more: readonly UnfinishedReport[]): Established {
  const room = MAX_UNFINISHED - unfinished.length
  return {
    finalUntil: Math.min(finalUntil, ...more.slice(room).map(({ writtenAt }) => writtenAt - 1)),
    unfinished: [...unfinished, ...more.slice(0, room).map(({ key }) => key)],
  }
}
