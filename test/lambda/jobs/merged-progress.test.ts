import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { MergedProgress } from '../../../lambda/jobs/merged-progress.ts'
import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
import { STALE_MS, staleForMs } from '../../../lambda/report/report.ts'
import { settledLines } from '../../../lambda/settle/counts.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const LINES = 4_000

/** A file that is split into two segments, whose import takes some seconds each. */
async function twoSegments(): Promise<MemoryCloud> {
  const lines = Array.from({ length: LINES }, (_, index) => goodLine(index))
  const bytes = Buffer.byteLength(`${lines.join('\n')}\n`)
  const cloud = new MemoryCloud({ limits: { segmentBytes: Math.ceil(bytes / 2) } })
  cloud.put(...lines)
  await importFile(newTask(FILE), cloud.ports, invocation())
  return cloud
}

const settled = (cloud: MemoryCloud): number => {
  const { delivered = 0, rejected = 0, undeliverable = 0, blank = 0 } = cloud.report?.lines ?? {}
  return delivered + rejected + undeliverable + blank
}

test('while segments are imported, the report is never much older than their checkpoints', async () => {
  const cloud = await twoSegments()
  const tasks = cloud.queued.splice(0).map(({ task }) => task)
  expect(tasks).toHaveLength(2)
  let isOver = false
  const behind: number[] = []
  const watch = async (): Promise<void> => {
    for (let before = 0; ;) {
      await cloud.clock.sleep(5_000)
      if (isOver) return
      behind.push(before - settled(cloud)) // what the checkpoints said five seconds ago, less what the report says now
      before = [1, 2].reduce((sum, part) => sum + settledOf(cloud, part), 0)
    }
  }
  const watching = watch()
  await Promise.all(tasks.map((task) => importFile(task, cloud.ports, invocation())))
  isOver = true
  await watching
  expect(behind.length).toBeGreaterThan(1)
  expect(Math.max(...behind)).toBeLessThanOrEqual(0)
  expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: LINES } })
})

function settledOf(cloud: MemoryCloud, part: number): number {
  const checkpoint = cloud.checkpoint(part)
  return checkpoint === undefined ? 0 : settledLines(checkpoint.counts)
}

/** Tells `progress` that the watermark of a segment is at this line, and waits for its merge. @returns the tag of the report */
async function reach(line: number, progress: MergedProgress, cloud: MemoryCloud): Promise<string | undefined> {
  progress.update({ watermark: { line, byte: 0 } })
  await progress.idle()
  return cloud.documents.get(reportKey(FILE))?.tag
}

describe('a merge in the background', () => {
  test('is left out if another run has merged just before', async () => {
    const cloud = await twoSegments()
    const [one, other] = [new MergedProgress(FILE, cloud.ports), new MergedProgress(FILE, cloud.ports)]
    const before = await reach(0, one, cloud)
    await reach(0, other, cloud)
    await cloud.clock.sleep(10_000)
    const after = await reach(1, one, cloud)
    expect(after).not.toBe(before)
    expect(await reach(1, other, cloud)).toBe(after)
  })

  test('is rare as long as its run makes no progress, but often enough for the import not to look stale', async () => {
    const cloud = await twoSegments()
    const progress = new MergedProgress(FILE, cloud.ports)
    const tags = new Set<string | undefined>()
    for (let second = 0; second < 3_600; second += 5) {
      await cloud.clock.sleep(5_000)
      tags.add(await reach(7, progress, cloud))
      expect(staleForMs(cloud.report ?? {}, cloud.clock.now())).toBeUndefined()
    }
    expect(tags.size).toBeLessThanOrEqual(7)
  })

  test('is rarer for a file of many segments, because each merge reads all checkpoints', async () => {
    const cloud = await twoSegments()
    const many = Array.from({ length: 100 }, (_, index) => ({
      index: index + 1,
      byteStart: 0,
      byteEnd: 1,
      firstLine: 1,
      lines: 1,
    }))
    cloud.write(checkpointKey(FILE, 'plan'), { ...(cloud.read(checkpointKey(FILE, 'plan')) as object), segments: many })
    const progress = new MergedProgress(FILE, cloud.ports)
    const tags = new Set<string | undefined>()
    for (let second = 0; second < 24; second += 1) {
      await cloud.clock.sleep(1_000)
      tags.add(await reach(second, progress, cloud))
    }
    expect(tags.size).toBeGreaterThan(1)
    expect(tags.size).toBeLessThanOrEqual(4)
  })

  test('never fails the import', async () => {
    const cloud = await twoSegments()
    const progress = new MergedProgress(FILE, cloud.ports)
    const before = await reach(0, progress, cloud)
    await cloud.clock.sleep(10_000)
    cloud.failing.add('reports.replace')
    expect(await reach(1, progress, cloud)).toBe(before)
  })

  test('never replaces a final report', async () => {
    const cloud = await twoSegments()
    const progress = new MergedProgress(FILE, cloud.ports)
    await reach(0, progress, cloud)
    cloud.write(reportKey(FILE), { state: 'complete' })
    await cloud.clock.sleep(STALE_MS)
    await reach(1, progress, cloud)
    expect(cloud.report).toEqual({ state: 'complete' })
  })
})
