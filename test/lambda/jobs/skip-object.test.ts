import { describe, expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { handleMessage } from '../../../lambda/jobs/dispatch.ts'
import { reportKey } from '../../../lambda/keys.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const OBJECT = { ...FILE, key: 'incoming/unload/0000_part_00', bytes: 12 }
const CSV = ['email,event', 'a,b']

async function handle(cloud: MemoryCloud, task: Task = newTask(OBJECT)): Promise<void> {
  const handled = await handleMessage(() => [{ kind: 'task', task }], cloud.ports, invocation())
  expect(handled).toEqual({ isAcknowledged: true })
}

function cloudWith(...lines: readonly string[]): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.put(...lines)
  return cloud
}

describe('an object that is not a file to import', () => {
  test('is reported as skipped, with the reason, and has no dead letter, request or checkpoint', async () => {
    const cloud = cloudWith(...CSV)
    await handle(cloud)
    expect([...cloud.documents.keys()]).toEqual([reportKey(OBJECT)])
    expect(cloud.read(reportKey(OBJECT))).toMatchObject({
      state: 'skipped',
      file: { key: OBJECT.key, bytes: 12 },
      lines: { total: 0 },
      failure: { reason: 'not_line_delimited_json', detail: expect.stringContaining('it looks like CSV') as unknown },
      finishedAt: expect.any(String) as unknown,
    })
    expect([cloud.deadLetters, cloud.requests]).toEqual([[], []])
    expect(cloud.codes).toEqual(['object_skipped'])
  })

  test('is skipped once, however often its message arrives', async () => {
    const cloud = cloudWith(...CSV)
    await handle(cloud)
    cloud.put(goodLine()) // would be another version
    await handle(cloud)
    expect(cloud.codes).toEqual(['object_skipped', 'file_skipped'])
    expect(cloud.requests).toEqual([])
  })

  test('two deliveries at the same time write one report', async () => {
    const cloud = cloudWith(...CSV)
    await Promise.all([handle(cloud), handle(cloud)])
    expect(cloud.read(reportKey(OBJECT))).toMatchObject({ state: 'skipped' })
  })
})

describe('an object without the name of an import file that contains JSON lines', () => {
  test('is imported', async () => {
    const cloud = cloudWith(goodLine(1), goodLine(2))
    await handle(cloud)
    expect(cloud.read(reportKey(OBJECT))).toMatchObject({ state: 'complete', lines: { delivered: 2 } })
  })

  test('is imported to its end, even if what it contains is judged differently later', async () => {
    const cloud = cloudWith(goodLine(1))
    cloud.write(reportKey(OBJECT), { state: 'importing', startedAt: '2026-01-01T00:00:00.000Z', lines: {} })
    Object.assign(cloud.ports.limits, { maxLineBytes: 10 })
    await handle(cloud)
    expect(cloud.codes).not.toContain('object_skipped')
  })
})

test('documents of the importer itself have no report', async () => {
  const cloud = cloudWith(...CSV)
  await handle(cloud, newTask({ ...FILE, key: 'reports/x' }))
  expect(cloud.documents.size).toBe(0)
})
