import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { FILE, invocation, type MemoryCloud } from '../../support/memory-cloud.ts'
import { importAll, withFile } from './three-lines.ts'

describe('a file', () => {
  test('that is large is split, and imported segment by segment', async () => {
    const cloud = withFile({ limits: { segmentBytes: 40 } })
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { total: 3, delivered: 2, rejected: 1 } })
    expect(cloud.report?.segments?.length).toBeGreaterThan(1)
  })

  describe('that was split stays split, if before its second segment', () => {
    async function withFirstSegmentDone(): Promise<MemoryCloud> {
      const cloud = withFile({ limits: { segmentBytes: 40 } })
      await importFile(newTask(FILE), cloud.ports, invocation())
      await importFile(cloud.queued.shift()!.task, cloud.ports, invocation())
      return cloud
    }

    test('the object is deleted and its event arrives again', async () => {
      const cloud = await withFirstSegmentDone()
      cloud.object = 'gone'
      await importFile(newTask(FILE), cloud.ports, invocation())
      expect(cloud.report).toMatchObject({ state: 'importing' })
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'gone', lines: { delivered: 1 } })
    })

    test('the segment size is raised and its event arrives again', async () => {
      const cloud = await withFirstSegmentDone()
      Object.assign(cloud.ports.limits, { segmentBytes: 1_000_000 })
      await importAll(cloud)
      expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { total: 3, delivered: 2, rejected: 1 } })
      expect(cloud.report?.segments?.length).toBeGreaterThan(1)
    })
  })
})
