import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { MergedProgress } from '../../../lambda/jobs/merged-progress.ts'
import { checkpointKey, reportKey } from '../../../lambda/keys.ts'
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

describe('a merge in the background', () => {
  test('is left out if another run has merged just before', async () => {
    const cloud = await twoSegments()
    const before = cloud.documents.get(reportKey(FILE))?.tag
    const [one, other] = [new MergedProgress(FILE, cloud.ports), new MergedProgress(FILE, cloud.ports)]
    await cloud.clock.sleep(10_000)
    one.update()
    await one.idle()
    const after = cloud.documents.get(reportKey(FILE))?.tag
    expect(after).not.toBe(before)
    other.update()
    await other.idle()
    expect(cloud.documents.get(reportKey(FILE))?.tag).toBe(after)
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
      progress.update()
      await progress.idle()
      tags.add(cloud.documents.get(reportKey(FILE))?.tag)
    }
    expect(tags.size).toBeLessThanOrEqual(4)
  })

  test('never fails the import', async () => {
    const cloud = await twoSegments()
    await cloud.clock.sleep(10_000)
    cloud.failing.add('reports.put')
    const progress = new MergedProgress(FILE, cloud.ports)
    progress.update()
    await expect(progress.idle()).resolves.toBeUndefined()
  })

  test('never replaces a final report', async () => {
    const cloud = await twoSegments()
    await cloud.clock.sleep(10_000)
    cloud.write(reportKey(FILE), { state: 'complete' })
    await cloud.clock.sleep(10_000)
    const progress = new MergedProgress(FILE, cloud.ports)
    progress.update()
    await progress.idle()
    expect(cloud.report).toEqual({ state: 'complete' })
  })
})
