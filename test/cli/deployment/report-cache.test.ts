import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { ReportCache } from '../../../cli/deployment/report-cache.ts'
import { TestDeployment } from '../rejects/fixtures.ts'

let cloud: TestDeployment
let cache: ReportCache
beforeEach(async () => {
  cloud = await TestDeployment.start()
  cache = new ReportCache(cloud.deployment)
})
afterEach(() => cloud[Symbol.asyncDispose]())

const keyOf = (name: string): string => `reports/incoming/${name}/v/report.json`

async function putReport(name: string, startedAt: string, state = 'complete'): Promise<void> {
  const report = {
    schema: 'kissmetrics-importer/report/v1',
    state,
    file: { bucket: cloud.deployment.bucket, key: `incoming/${name}`, bytes: 0 },
    lines: { total: 0, delivered: 0, rejected: 0, undeliverable: 0, blank: 0 },
    commands: { record: 0, set: 0, alias: 0 },
    rejectedBy: {},
    warnings: {},
    startedAt,
    invocations: 1,
    repeatsPossible: 0,
  }
  await cloud.put(keyOf(name), JSON.stringify(report))
}

/** Keys of the objects that `act` reads from S3. */
async function readsOf(act: () => Promise<unknown>): Promise<readonly unknown[]> {
  const spy = jest.spyOn(cloud.deployment.s3, 'send')
  await act()
  const keys = spy.mock.calls.flatMap(([command]) => (command instanceof GetObjectCommand ? [command.input.Key] : []))
  spy.mockRestore()
  return keys.sort()
}

test('reports are in the order in which their imports started', async () => {
  await putReport('b.json', '2026-03-20T12:00:00Z')
  await putReport('a.json', '2026-03-20T13:00:00Z')
  const { reports, total } = await cache.newest(10)
  expect(total).toBe(2)
  expect(reports.map(({ key, report }) => [key, report.file.key])).toEqual([
    [keyOf('b.json'), 'incoming/b.json'],
    [keyOf('a.json'), 'incoming/a.json'],
  ])
})

test('only as many are read as the caller asks for', async () => {
  for (const name of ['a.json', 'b.json', 'c.json']) await putReport(name, '2026-03-20T12:00:00Z')
  const { reports, total } = await cache.newest(2)
  expect([reports.length, total]).toEqual([2, 3])
})

test('a report is read again only if it has changed', async () => {
  await putReport('a.json', '2026-03-20T12:00:00Z')
  await putReport('b.json', '2026-03-20T13:00:00Z')
  const newest = () => cache.newest(10)
  expect(await readsOf(newest)).toEqual([keyOf('a.json'), keyOf('b.json')])
  expect(await readsOf(newest)).toEqual([])
  await putReport('b.json', '2026-03-20T14:00:00Z')
  expect(await readsOf(newest)).toEqual([keyOf('b.json')])
})

test('a listing of many reports is used for some time, in which only those of running imports are read', async () => {
  let now = 0
  // Each look at the clock takes a second, so a listing does.
  cache = new ReportCache(cloud.deployment, { now: () => (now += 1_000), maxListedOften: 1 })
  const statesOf = async () => {
    const { reports, total } = await cache.newest(10)
    return [total, ...reports.map(({ report }) => report.state)]
  }
  await putReport('a.json', '2026-03-20T12:00:00Z')
  await putReport('b.json', '2026-03-20T13:00:00Z', 'importing')
  expect(await statesOf()).toEqual([2, 'complete', 'importing'])
  expect(await readsOf(statesOf)).toEqual([keyOf('b.json')])
  await putReport('b.json', '2026-03-20T13:00:00Z')
  await putReport('c.json', '2026-03-20T14:00:00Z')
  expect(await statesOf()).toEqual([2, 'complete', 'complete'])
  expect(await readsOf(statesOf)).toEqual([])
  now += 60_000
  expect(await statesOf()).toEqual([3, 'complete', 'complete', 'complete'])
})

test('more reports than the last listing has kept need a new one', async () => {
  let now = 0
  cache = new ReportCache(cloud.deployment, { now: () => (now += 1_000), maxListedOften: 1 })
  for (const name of ['a.json', 'b.json']) await putReport(name, '2026-03-20T12:00:00Z')
  expect((await cache.newest(1)).reports).toHaveLength(1)
  expect((await cache.newest(2)).reports).toHaveLength(2)
})

test('one report is read from S3 unless the caller knows its ETag', async () => {
  await putReport('a.json', '2026-03-20T12:00:00Z')
  const get = () => cache.get(keyOf('a.json'))
  expect((await get())?.file.key).toBe('incoming/a.json')
  expect(await readsOf(get)).toEqual([keyOf('a.json')])
  expect(await cache.get(keyOf('none.json'))).toBeUndefined()
})
