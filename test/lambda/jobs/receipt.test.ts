import { describe, expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { isBesideReport, receiptKey } from '../../../lambda/keys.ts'
import { FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const LINES = [1, 2, 3].map(goodLine)

function withFile(options: ConstructorParameters<typeof MemoryCloud>[0] = {}): MemoryCloud {
  const cloud = new MemoryCloud(options)
  cloud.put(...LINES)
  return cloud
}

async function importAll(cloud: MemoryCloud): Promise<void> {
  for (let task: Task | undefined = newTask(FILE); task !== undefined; task = cloud.queued.shift()?.task)
    await importFile(task, cloud.ports, invocation())
}

describe('an import does not depend on its receipt', () => {
  test('one that cannot be stored is left out', async () => {
    const cloud = withFile()
    cloud.failing.add('documents.put')
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(cloud.read(receiptKey(FILE))).toBeUndefined()
  })

  test('nor is there one if an earlier version has imported a segment', async () => {
    const cloud = withFile({ limits: { segmentBytes: 40 } })
    const put = cloud.ports.checkpoints.put.bind(cloud.ports.checkpoints)
    Object.assign(cloud.ports.checkpoints, {
      put: (key: Parameters<typeof put>[0], value: { sha256?: string }, expected: string | undefined) => {
        const { sha256: _sha256, ...earlier } = value
        return put(key, key.key.endsWith('/000001.json') ? earlier : value, expected)
      },
    })
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(cloud.read(receiptKey(FILE))).toBeUndefined()
  })

  test('the first one stays', async () => {
    const cloud = withFile()
    await importAll(cloud)
    const first = cloud.read(receiptKey(FILE))
    cloud.documents.delete([...cloud.documents.keys()].find((key) => key.endsWith('/report.json')) ?? '')
    await cloud.clock.sleep(60_000)
    await importAll(cloud)
    expect(cloud.report).toMatchObject({ state: 'complete' })
    expect(first).toMatchObject({ ranges: [{ lines: { delivered: 3 } }] })
    expect(cloud.read(receiptKey(FILE))).toEqual(first)
  })
})

test('a receipt is beside a report, and is not one', () => {
  expect(isBesideReport(receiptKey(FILE))).toBe(true)
})
