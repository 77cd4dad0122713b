import { describe, expect, test } from '@jest/globals'
import { InterruptedError, OutOfTime, SetupError } from '../../../lambda/errors.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { importSegment } from '../../../lambda/jobs/import-segment.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import type { Invocation } from '../../../lambda/ports.ts'
import type { Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { ACCEPTED, BAD_LINE, DOWN, FILE, goodLine, invocation, MemoryCloud, noRules } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)

function run(cloud: MemoryCloud, task: Task = TASK, extra: Partial<Invocation> = {}) {
  return importSegment({
    task,
    ports: cloud.ports,
    invocation: invocation(extra),
    readAt: cloud.clock.now(),
    readRules: noRules,
    onProgress: () => undefined,
  })
}

/** A file of `count` lines. `then` is called when the endpoint gets the request number `at`. */
function withLines(count: number, at = Infinity, then: () => void = () => undefined): MemoryCloud {
  const cloud = new MemoryCloud()
  cloud.put(...Array.from({ length: count }, () => goodLine()))
  cloud.answer = () => {
    if (cloud.requests.length === at) then()
    return ACCEPTED
  }
  return cloud
}

function isReleased(checkpoint: Checkpoint | undefined): boolean {
  return (checkpoint as unknown as { leaseHolder: { until: number } }).leaseHolder.until === 0
}

describe('done', () => {
  test('every line has ended, and the checkpoint says how', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(), BAD_LINE, '', goodLine(2))
    const outcome = await run(cloud)
    expect(outcome).toMatchObject({
      kind: 'done',
      checkpoint: {
        isDone: true,
        watermark: { line: 4 },
        counts: { lines: { delivered: 2, rejected: 1, undeliverable: 0, blank: 1 } },
      },
    })
    expect(cloud.checkpoint()).toMatchObject(outcome.kind === 'done' ? outcome.checkpoint : {})
    expect(isReleased(cloud.checkpoint())).toBe(true)
    expect(cloud.requests).toHaveLength(2)
    expect(cloud.deadLetters).toMatchObject([{ source: { line: 2 }, reason: 'missing_timestamp', line: BAD_LINE }])
  })

  test('by an earlier run: nothing is read or sent', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine())
    await run(cloud)
    cloud.object = 'gone'
    expect(await run(cloud)).toMatchObject({ kind: 'done', checkpoint: { isDone: true, counts: { lines: { delivered: 1 } } } })
    expect(cloud.requests).toHaveLength(1)
  })

  test('only the lines of the segment are imported', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(1), goodLine(2), goodLine(3), goodLine(4))
    const length = goodLine().length + 1
    const segment = { index: 2, byteStart: length, byteEnd: 3 * length, firstLine: 2, lines: 2 }
    expect(await run(cloud, { ...TASK, segment, reached: 1 })).toMatchObject({
      kind: 'done',
      checkpoint: { watermark: { line: 3 } },
    })
    expect(cloud.requests.map((path) => /_p=(p\d)/.exec(path)?.[1])).toEqual(['p2', 'p3'])
  })

  test('a file that is not JSON lines is rejected, and nothing is sent', async () => {
    const cloud = new MemoryCloud()
    cloud.put('name,age', 'a,1', 'b,2')
    expect(await run(cloud)).toMatchObject({
      kind: 'done',
      checkpoint: { isDone: true, failure: { kind: 'failed', rejection: { reason: 'not_line_delimited_json' } } },
    })
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file' }])
    expect(cloud.requests).toEqual([])
  })

  test.each(['gone', 'superseded'] as const)('the object is %s: the file is missing', async (state) => {
    const cloud = new MemoryCloud()
    cloud.object = state
    expect(await run(cloud)).toMatchObject({ kind: 'done', checkpoint: { failure: { kind: 'missing', state } } })
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('an archived object is rejected; lines beyond the watermark are not counted as read', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine())
    await run(cloud, TASK, { ending: AbortSignal.abort(new OutOfTime()) })
    cloud.write(checkpointKey(FILE, 1), { ...cloud.checkpoint(), newest: 9 })
    cloud.object = 'locked'
    expect(await run(cloud)).toMatchObject({ kind: 'done', checkpoint: { newest: 0, failure: { kind: 'failed' } } })
    expect(cloud.deadLetters).toMatchObject([{ kind: 'file', reason: 'object_unreadable' }])
  })
})

describe('unfinished', () => {
  test('out of time: the lines that were settled are in the checkpoint, and the next run continues there', async () => {
    const ending = new AbortController()
    const cloud = withLines(40, 10, () => {
      ending.abort(new OutOfTime())
    })
    const outcome = await run(cloud, TASK, { ending: ending.signal })
    const reached = cloud.checkpoint()!.watermark.line
    expect(outcome).toEqual({ kind: 'out-of-time', began: 0, reached })
    expect(reached).toBeGreaterThan(0)
    expect(reached).toBeLessThan(40)
    expect(isReleased(cloud.checkpoint())).toBe(true)
    expect(cloud.requests).toHaveLength(reached)

    expect(await run(cloud)).toMatchObject({ kind: 'done', checkpoint: { counts: { lines: { delivered: 40 } } } })
    expect(cloud.requests).toHaveLength(40)
  })

  test('interrupted', async () => {
    const cloud = withLines(3)
    expect(await run(cloud, TASK, { ending: AbortSignal.abort(new InterruptedError()) })).toEqual({ kind: 'interrupted' })
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('an outage: nothing becomes a dead letter', async () => {
    const cloud = withLines(3)
    cloud.answer = () => DOWN
    expect(await run(cloud)).toEqual({ kind: 'outage', detail: expect.stringContaining('ECONNREFUSED') as unknown, reached: 0 })
    expect(cloud.deadLetters).toEqual([])
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('busy: another run holds the lease', async () => {
    const cloud = withLines(3)
    const leaseHolder = { run: 'other', messageId: 'n', serial: 1, until: cloud.clock.now() + 60_000 }
    await run(cloud, TASK, { ending: AbortSignal.abort(new OutOfTime()) })
    cloud.write(checkpointKey(FILE, 1), { ...cloud.checkpoint(), leaseHolder })
    expect(await run(cloud)).toEqual({ kind: 'busy', ms: expect.closeTo(60_000, -3) as unknown, messageId: 'n' })
    expect(cloud.requests).toEqual([])
  })

  test('the message is lost before the lease was taken: nothing is sent, and the next run can begin immediately', async () => {
    const cloud = withLines(3)
    expect(await run(cloud, TASK, { holdsMessage: () => Promise.resolve(false) })).toEqual({ kind: 'message-lost' })
    expect(cloud.requests).toEqual([])
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('the lease is lost: this run does not report anything as done', async () => {
    const cloud = withLines(40, 20, () => {
      const leaseHolder = { run: 'other', serial: 1, until: cloud.clock.now() + 60_000 }
      cloud.write(checkpointKey(FILE, 1), { ...cloud.checkpoint(), leaseHolder })
    })
    expect(await run(cloud)).toEqual({ kind: 'lease-lost' })
    expect(cloud.checkpoint()).toMatchObject({ isDone: false, leaseHolder: { run: 'other' } })
  })

  test('the third delivery of a message whose work has advanced: it is replaced by a new message', async () => {
    const ending = new AbortController()
    const cloud = withLines(40, 10, () => {
      ending.abort(new OutOfTime())
    })
    await run(cloud, TASK, { ending: ending.signal })
    const reached = cloud.checkpoint()!.watermark.line
    expect(await run(cloud, TASK, { deliveries: 3 })).toEqual({ kind: 'deliveries-used', began: 0, reached })
    expect(isReleased(cloud.checkpoint())).toBe(true)
    // A message that was sent after that progress is worked on as usual.
    expect(await run(cloud, { ...TASK, reached }, { deliveries: 3 })).toMatchObject({ kind: 'done' })
  })
})

describe('thrown', () => {
  test('a wrong setup stops the run, and releases the lease', async () => {
    const cloud = withLines(3)
    cloud.answer = () => ({ kind: 'status', status: 401 })
    await expect(run(cloud)).rejects.toThrow(SetupError)
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('S3 does not open the file: nothing was sent, so the lease is released', async () => {
    const cloud = withLines(3)
    cloud.failing.add('files.open')
    await expect(run(cloud)).rejects.toThrow('files.open failed')
    expect(isReleased(cloud.checkpoint())).toBe(true)
  })

  test('SQS does not accept a dead letter: its line is not settled', async () => {
    const cloud = new MemoryCloud()
    cloud.put(goodLine(), BAD_LINE)
    cloud.failing.add('deadLetters.sendBatch')
    await expect(run(cloud)).rejects.toThrow('deadLetters.sendBatch failed')
    expect(cloud.checkpoint()).toMatchObject({ isDone: false, watermark: { line: 1 } })
  })
})
