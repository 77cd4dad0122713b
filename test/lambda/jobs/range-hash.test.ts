import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { OutOfTime } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { RangeHash } from '../../../lambda/jobs/range-hash.ts'
import type { OpenFile } from '../../../lambda/ports.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const CONTENT = Buffer.from('line one\nline two\nline three\n')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function withContent(): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.object = CONTENT
  cloud.chunkBytes = 4
  return cloud
}

/** The task of the bytes from `start` to `end` of the content. */
function segmentOf(start: number, end: number): Task {
  return { ...newTask(FILE), segment: { index: 1, byteStart: start, byteEnd: end, firstLine: 1, lines: 1 } }
}

/** What a run gets that begins at byte `from`, and has read `chunks`. */
async function hashOf(
  cloud: MemoryCloud,
  task: Task,
  from: number,
  chunks: readonly Buffer[],
  { ending } = invocation(),
): Promise<string | undefined> {
  const hash = new RangeHash()
  for (const chunk of chunks) hash.add(chunk)
  const opened: Pick<OpenFile, 'bytes'> = { bytes: CONTENT.length }
  return hash.end(task, opened, { line: 0, byte: from }, cloud.ports, { ending })
}

test('any segment has the hash of exactly its bytes, wherever the last run began and however far it has read', async () => {
  const position = fc.integer({ min: 0, max: CONTENT.length })
  const positions = fc.tuple(position, position, position, position).map((all) => all.toSorted((a, b) => a - b))
  await fc.assert(
    fc.asyncProperty(positions, async ([start = 0, from = 0, reached = 0, end = 0]) => {
      const hash = await hashOf(withContent(), segmentOf(start, end), from, [CONTENT.subarray(from, reached)])
      expect(hash).toBe(sha256(CONTENT.subarray(start, end)))
    }),
    { numRuns: 60 },
  )
})

describe('a run that has read its whole part', () => {
  // prettier-ignore
  test.each<[string, Task, number, number]>([
    [ 'a file',     newTask(FILE),     0, CONTENT.length ],
    [ 'a segment',  segmentOf(9, 18),  9, 18 ],
  ])('of %s does not read it again', async (_what, task, start, end) => {
    const cloud = withContent()
    cloud.failing.add('files.open')
    const chunks = [CONTENT.subarray(start, start + 4), CONTENT.subarray(start + 4, end)]
    expect(await hashOf(cloud, task, start, chunks)).toBe(sha256(CONTENT.subarray(start, end)))
  })
})

describe('there is no hash, and no error, if the part cannot be read again because', () => {
  // prettier-ignore
  test.each<[string, (cloud: MemoryCloud) => void]>([
    [ 'the file is gone',      (cloud) => { cloud.object = 'gone' } ],
    [ 'it was replaced',       (cloud) => { cloud.object = 'superseded' } ],
    [ 'S3 fails',              (cloud) => { cloud.failing.add('files.open') } ],
  ])('%s', async (_what, change) => {
    const cloud = withContent()
    change(cloud)
    expect(await hashOf(cloud, newTask(FILE), 9, [CONTENT.subarray(9)])).toBeUndefined()
  })

  test('the time is over', async () => {
    const ending = AbortSignal.abort(new OutOfTime())
    expect(await hashOf(withContent(), newTask(FILE), 9, [CONTENT.subarray(9)], invocation({ ending }))).toBeUndefined()
  })
})
