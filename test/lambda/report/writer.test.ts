import { describe, expect, test } from '@jest/globals'
import { reportKey } from '../../../lambda/keys.ts'
import type { Reports } from '../../../lambda/ports.ts'
import { reject } from '../../../lambda/reasons.ts'
import type { ImportState } from '../../../lambda/report/report.ts'
import { ReportWriter } from '../../../lambda/report/writer.ts'
import { emptyCounts } from '../../../lambda/settle/counts.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

function stateOf(delivered: number): ImportState {
  const counts = { ...emptyCounts(), lines: { delivered, rejected: 0, undeliverable: 0, blank: 0 } }
  return {
    file: FILE,
    bytes: 9,
    counts,
    linesRead: delivered,
    startedAt: '2026-01-01T00:00:00.000Z',
    invocations: 1,
    repeatsPossible: 0,
    repeatedTries: 0,
  }
}

async function writerOn(cloud: MemoryCloud): Promise<ReportWriter> {
  return new ReportWriter(await cloud.ports.reports.find(FILE.bucket, reportKey(FILE)), cloud.ports.reports, cloud.clock)
}

describe('a progress report', () => {
  test('is written at most every two seconds', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    const seen: (number | undefined)[] = []
    for (let delivered = 1; delivered <= 5; delivered += 1) {
      writer.progress(() => stateOf(delivered))
      await cloud.clock.sleep(1_000)
      seen.push(cloud.report?.lines.delivered)
    }
    expect(seen).toEqual([1, 1, 3, 3, 5])
    expect(cloud.report).toMatchObject({ state: 'importing' })
  })

  test('that S3 does not accept is ignored', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    cloud.failing.add('reports.replace')
    writer.progress(() => stateOf(1))
    await expect(writer.idle()).resolves.toBeUndefined()
    expect(cloud.report).toBeUndefined()
  })

  test('never overwrites what another run has written since', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    writer.progress(() => stateOf(1))
    await writer.idle()
    cloud.write(reportKey(FILE), { state: 'complete' })
    for (let delivered = 2; delivered < 5; delivered += 1) {
      await cloud.clock.sleep(2_000)
      writer.progress(() => stateOf(delivered))
      await writer.idle()
    }
    expect(cloud.report).toEqual({ state: 'complete' })
  })
})

describe('of two runs that write the report of the same file', () => {
  test('a progress report that comes late never replaces the final one', async () => {
    const cloud = new MemoryCloud()
    const [late, last] = [await writerOn(cloud), await writerOn(cloud)]
    await last.finish(stateOf(2))
    for (const delivered of [1, 1]) await late.write(stateOf(delivered)) // the first one learns that there is a final one
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 2 } })
  })

  test('the final report replaces a progress report that was written in between', async () => {
    const cloud = new MemoryCloud()
    const [last, other] = [await writerOn(cloud), await writerOn(cloud)]
    await other.write(stateOf(1))
    expect((await last.finish(stateOf(2))).state).toBe('complete')
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 2 } })
  })

  test('the first that finishes the import wins; the second gets its report', async () => {
    const cloud = new MemoryCloud()
    const [first, second] = [await writerOn(cloud), await writerOn(cloud)]
    await first.finish(stateOf(2))
    expect(await second.finish(stateOf(3))).toMatchObject({ lines: { delivered: 2 } })
    expect(cloud.report).toMatchObject({ lines: { delivered: 2 } })
  })

  test('the final report is written again if S3 refuses it although no other run has written (409)', async () => {
    const cloud = new MemoryCloud()
    let refusals = 2
    const reports: Reports = {
      ...cloud.ports.reports,
      replace: async (...args) => ((refusals -= 1) >= 0 ? undefined : cloud.ports.reports.replace(...args)),
    }
    await new ReportWriter(undefined, reports, cloud.clock).finish(stateOf(3))
    expect(cloud.report).toMatchObject({ state: 'complete' })
  })

  test('a report of a rejected file is replaced, because its dead letter can be replayed', async () => {
    const cloud = new MemoryCloud()
    const replay = await writerOn(cloud)
    await (await writerOn(cloud)).finish(stateOf(0), reject('object_unreadable'))
    expect((await replay.finish(stateOf(2))).state).toBe('complete')
    expect(cloud.report?.state).toBe('complete')
  })

  test('a progress report goes on after another run has written one', async () => {
    const cloud = new MemoryCloud()
    const [one, other] = [await writerOn(cloud), await writerOn(cloud)]
    await other.write(stateOf(1))
    one.progress(() => stateOf(2))
    await one.idle()
    await cloud.clock.sleep(2_000)
    one.progress(() => stateOf(3))
    await one.idle()
    expect(cloud.report).toMatchObject({ state: 'importing', lines: { delivered: 3 } })
  })
})

describe('the final report', () => {
  test('is written after a progress report that is on its way, never before', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    writer.progress(() => stateOf(1))
    expect((await writer.finish(stateOf(2))).state).toBe('complete')
    await cloud.clock.sleep(1_000)
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 2 }, finishedAt: expect.any(String) as unknown })
  })

  test('is not written if the lines do not add up', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    await expect(writer.finish({ ...stateOf(2), linesRead: 3 })).rejects.toThrow('does not add up')
    expect(cloud.report).toBeUndefined()
  })

  test('fails if S3 does not accept it', async () => {
    const cloud = new MemoryCloud()
    const writer = await writerOn(cloud)
    cloud.failing.add('reports.replace')
    await expect(writer.finish(stateOf(2))).rejects.toThrow('reports.replace failed')
  })

  test('of a missing file says so', async () => {
    const cloud = new MemoryCloud()
    await (await writerOn(cloud)).missing(stateOf(0), 'superseded')
    expect(cloud.report).toMatchObject({ state: 'superseded' })
  })

  test('continues the progress of earlier invocations', async () => {
    const cloud = new MemoryCloud()
    await (await writerOn(cloud)).write(stateOf(1))
    await cloud.clock.sleep(5_000)
    await (await writerOn(cloud)).finish(stateOf(2))
    expect(cloud.report?.progress?.map(({ delivered }) => delivered)).toEqual([1, 2])
  })
})
