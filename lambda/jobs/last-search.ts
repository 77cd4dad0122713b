import * as v from 'valibot'
import { LAST_SEARCH_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'

const LAST_SEARCH_SCHEMA = 'kissmetrics-importer/last-search/v1'

/**
 * What the last complete search has established: each report that was written until `finalUntil` is final, and so never changes again, except
 * the unfinished ones. So the next search needs to read only the reports that were written since.
 */
export interface LastSearch {
  /** Milliseconds since 1970. */
  readonly finalUntil: number
  /** Keys of reports. */
  readonly unfinished: readonly string[]
}

const LastSearchBody = v.object({
  schema: v.literal(LAST_SEARCH_SCHEMA),
  scope: v.string(),
  finalUntil: v.number(),
  unfinished: v.array(v.string()),
})

type NeededPorts = Pick<Ports, 'bucket' | 'checkpoints' | 'listing'>

/** @returns undefined if there was none, or if files have come from other places since then */
export async function readLastSearch({ bucket, checkpoints, listing }: NeededPorts): Promise<LastSearch | undefined> {
  const found = await checkpoints.find({ bucket, key: LAST_SEARCH_KEY })
  const { success, output } = v.safeParse(LastSearchBody, found?.value)
  return success && output.scope === listing.scope ? output : undefined
}

/** What a search has found, and when it was complete. */
export interface CompleteSearch extends LastSearch {
  readonly run: string
  readonly finishedAt: number
  readonly files: number
}

/** If another search writes at the same time, either of the two documents is right. */
export async function writeLastSearch(search: CompleteSearch, { bucket, checkpoints, listing }: NeededPorts): Promise<void> {
  const { run, finishedAt, ...facts } = search
  const key = { bucket, key: LAST_SEARCH_KEY }
  const found = await checkpoints.find(key)
  const document = {
    schema: LAST_SEARCH_SCHEMA,
    scope: listing.scope,
    ...facts,
    finishedAt: new Date(finishedAt).toISOString(),
    leaseHolder: { run, serial: 0, until: 0 },
  }
  await checkpoints.put(key, document, found?.tag)
}
