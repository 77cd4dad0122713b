import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { reportKey } from '../../../lambda/keys.ts'
import type { ReportState } from '../../../lambda/report/report.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'
import { importAll, LINES, withFile } from './three-lines.ts'

describe('a file', () => {
  test('is imported, and reported', async () => {
    const cloud = withFile()
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({
      state: 'complete-with-rejects',
      lines: { total: 3, delivered: 2, rejected: 1 },
      invocations: 1,
    })
    expect(cloud.codes).toEqual(['file_opened', 'file_imported'])
  })

  test('that is large is split, and imported segment by segment', async () => {
    const cloud = withFile({ limits: { segmentBytes: 40 } })
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete-with-rejects', lines: { total: 3, delivered: 2, rejected: 1 } })
    expect(cloud.report?.segments?.length).toBeGreaterThan(1)
  })

  test('that is compressed is never split', async () => {
    const cloud = new MemoryCloud({ limits: { segmentBytes: 40 } })
    cloud.object = gzipSync(LINES.join('\n'))
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ lines: { total: 3 } })
    expect(cloud.report).not.toHaveProperty('segments')
  })

  test('that is small according to its event is not opened to find out', async () => {
    const cloud = withFile()
    let opens = 0
    const open = cloud.ports.files.open.bind(cloud.ports.files)
    Object.assign(cloud.ports.files, {
      open: (...args: Parameters<typeof open>) => {
        opens += 1
        return open(...args)
      },
    })
    await importFile(newTask({ ...FILE, bytes: 100 }), cloud.ports, invocation())
    expect(opens).toBe(1)
  })
})

describe('a file is skipped', () => {
  // prettier-ignore
  test.each<[ReportState, boolean]>([
    //  if its report says        it is skipped
    [ 'complete',                 true ],
    [ 'complete-with-rejects',    true ],
    [ 'gone',                     true ],
    [ 'superseded',               true ],
    [ 'importing',                false ],
    [ 'failed',                   false ], // its dead letter was replayed
  ])('if its report says %s: %s', async (state, isSkipped) => {
    const cloud = withFile()
    cloud.write(reportKey(FILE), { state, progress: [] })
    expect(await importFile(newTask(FILE), cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.codes.includes('file_skipped')).toBe(isSkipped)
    expect(cloud.requests).toHaveLength(isSkipped ? 0 : 2)
  })

  test.each(['reports/incoming/a.json/v/report.json', 'checkpoints/incoming/a.json/v/000001.json'])(
    'if the importer has written it: %s',
    async (key) => {
      const cloud = withFile()
      expect(await importFile(newTask({ ...FILE, key }), cloud.ports, invocation())).toEqual({ kind: 'done' })
      expect(cloud.codes).toEqual(['message_ignored'])
    },
  )
})
