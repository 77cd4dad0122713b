import { describe, expect, test } from '@jest/globals'
import { readLastSearch, writeLastSearch, type CompleteSearch } from '../../../lambda/jobs/last-search.ts'
import { LAST_SEARCH_KEY } from '../../../lambda/keys.ts'
import { MemoryCloud } from '../../support/memory-cloud.ts'

const SEARCH: CompleteSearch = { run: 'r', finalUntil: 1_000, unfinished: ['reports/a'], finishedAt: 2_000, files: 7 }

const withSearch = async (): Promise<MemoryCloud> => {
  const cloud = new MemoryCloud()
  await writeLastSearch(SEARCH, cloud.ports)
  return cloud
}

test('the next search knows until when reports are final, and which are not', async () => {
  const cloud = await withSearch()
  expect(await readLastSearch(cloud.ports)).toMatchObject({ finalUntil: 1_000, unfinished: ['reports/a'] })
})

test('the document says for a person what was searched, and when', async () => {
  const cloud = await withSearch()
  expect(cloud.read(LAST_SEARCH_KEY)).toMatchObject({
    ...{ scope: 's3://b/incoming/', files: 7, finishedAt: '1970-01-01T00:00:02.000Z' },
    leaseHolder: { run: 'r', until: 0 },
  })
})

test('a later search replaces it; of two at the same time, one is kept', async () => {
  const cloud = await withSearch()
  await writeLastSearch({ ...SEARCH, finalUntil: 3_000 }, cloud.ports)
  expect(await readLastSearch(cloud.ports)).toMatchObject({ finalUntil: 3_000 })
  await Promise.all([4_000, 5_000].map((finalUntil) => writeLastSearch({ ...SEARCH, finalUntil }, cloud.ports)))
  expect([4_000, 5_000]).toContain((await readLastSearch(cloud.ports))?.finalUntil)
})

describe('a search begins from nothing', () => {
  test('if there was none', async () => {
    expect(await readLastSearch(new MemoryCloud().ports)).toBeUndefined()
  })

  test('if files have come from other places since', async () => {
    const cloud = await withSearch()
    const listing = { scope: 's3://b/more/' } as MemoryCloud['ports']['listing']
    expect(await readLastSearch({ ...cloud.ports, listing })).toBeUndefined()
  })

  // prettier-ignore
  test.each([
    [ 'is damaged',             { unfinished: 'none' } ],
    [ 'is of another version',  { schema: 'kissmetrics-importer/last-search/v2' } ],
  ])('if what the last one has found %s', async (_what, damage) => {
    const cloud = await withSearch()
    cloud.write(LAST_SEARCH_KEY, { ...(cloud.read(LAST_SEARCH_KEY) as object), ...damage })
    expect(await readLastSearch(cloud.ports)).toBeUndefined()
  })
})
