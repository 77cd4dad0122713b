import { describe, expect, test } from '@jest/globals'
import { listReports } from '../../../lambda/jobs/listed-reports.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { ListedFile, ListedReport } from '../../../lambda/ports.ts'

const WRITTEN_AT = new Date('2026-01-01T00:00:00Z')

const fileOf = (key: string): ListedFile => ({
  file: { bucket: 'b', key, versionId: 'v' },
  lastModified: WRITTEN_AT,
  isLatest: true,
})
const reportOf = (key: string): string => reportKey(fileOf(key).file)
const keys = (count: number, prefix = 'incoming/f'): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, '0')}`)

/** Lists the reports of some files, of all that are in the bucket. */
async function list(wanted: readonly string[], inBucket: readonly string[], pageSize: number) {
  let pages = 0
  const inOrder = inBucket.map(reportOf).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const listing = {
    async *reportsFrom(first: string): AsyncGenerator<readonly ListedReport[]> {
      const rest = inOrder.filter((key) => Buffer.compare(Buffer.from(key), Buffer.from(first)) >= 0)
      for (let from = 0; from < rest.length; from += pageSize) {
        pages += 1
        yield await Promise.resolve(rest.slice(from, from + pageSize).map((key) => ({ key, writtenAt: WRITTEN_AT })))
      }
    },
  }
  const found = await listReports(wanted.map(fileOf), listing)
  return { found, pages }
}

describe('the reports of a page of files', () => {
  test('are found by one listing of as many pages as they take, and no more', async () => {
    const all = keys(400)
    const { found, pages } = await list(all.slice(100, 200), all, 50)
    expect(all.slice(100, 200).filter((key) => found.get(reportOf(key)) !== WRITTEN_AT.getTime())).toEqual([])
    expect(pages).toBe(2)
  })

  test('are not listed for few files: reading them is as fast', async () => {
    expect(await list(keys(16), keys(16), 50)).toEqual({ found: new Map(), pages: 0 })
    expect((await list(keys(17), keys(17), 50)).pages).toBe(1)
  })

  test('are not all listed if reports of other files are between them: after ten pages, reading the rest is faster', async () => {
    const others = keys(2_000, 'incoming/f0000x')
    const { found, pages } = await list(keys(20), [...keys(20), ...others], 50)
    expect(pages).toBe(10)
    expect(found.has(reportOf('incoming/f0000'))).toBe(true)
    expect(found.has(reportOf('incoming/f0019'))).toBe(false)
  })

  test('are found in the order of S3, which is not the order of the files', async () => {
    // "a/v" comes before "a.json/v" among the files, and after it among the reports.
    const wanted = [...keys(20), 'incoming/f0000.json', 'incoming/f0000-1', '\ufb01', '\u{1f600}']
    const { found } = await list(wanted, wanted, 5)
    expect(wanted.filter((key) => !found.has(reportOf(key)))).toEqual([])
  })

  test('that are missing are left out', async () => {
    expect(await list(keys(20), [], 50)).toEqual({ found: new Map(), pages: 0 })
  })
})
