import { describe, expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { acquireSegment, isReplayOf } from '../../../lambda/jobs/segment-lease.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import { reject } from '../../../lambda/reasons.ts'
import { beginCheckpoint, type Checkpoint, type Failure } from '../../../lambda/settle/checkpoint.ts'
import { FILE, invocation, MemoryCloud, noRules } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)
const SEGMENT: Task = { ...TASK, segment: { index: 2, byteStart: 1_000, byteEnd: 1_100, firstLine: 101, lines: 10 } }
const FAILED: Failure = { kind: 'failed', rejection: reject('object_unreadable'), replays: 0 }

const BEGUN = beginCheckpoint(undefined, {
  start: { line: 0, byte: 0 },
  startedAt: '2026-01-01T00:00:00.000Z',
  hasCrashed: false,
  maxRepeats: 512,
  maxUnsaved: 20,
})

/** A checkpoint that another run has left. @param leftMs how much longer its lease lasts; 0 if it has released it */
function left(cloud: MemoryCloud, checkpoint: Partial<Checkpoint>, leftMs = 0): void {
  const until = leftMs === 0 ? 0 : cloud.clock.now() + leftMs
  const leaseHolder = { run: 'other', messageId: 'other', serial: 3, until }
  cloud.write(checkpointKey(FILE, 1), { ...BEGUN, ...checkpoint, leaseHolder })
}

describe('the lease of a segment', () => {
  test('begins at the start of the file', async () => {
    const cloud = new MemoryCloud()
    expect(await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })).toMatchObject({ kind: 'acquired' })
    expect(cloud.checkpoint()).toMatchObject({ watermark: { line: 0, byte: 0 }, invocations: 1, repeatsPossible: 0 })
    expect(cloud.checkpoint()).toMatchObject({ leaseHolder: { run: 'run-1', messageId: 'm' } })
  })

  test('begins at the start of its segment, under a key of its own', async () => {
    const cloud = new MemoryCloud()
    await acquireSegment(SEGMENT, cloud.ports, invocation(), { readRules: noRules })
    expect(cloud.checkpoint(2)).toMatchObject({ watermark: { line: 100, byte: 1_000 } })
  })

  test('lasts for three checkpoint intervals', async () => {
    const cloud = new MemoryCloud({ limits: { checkpointMs: 5_000 } })
    await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })
    expect(await acquireSegment(TASK, cloud.ports, invocation({ messageId: 'second' }), { readRules: noRules })).toEqual({
      kind: 'busy',
      ms: expect.closeTo(15_000, -2) as unknown,
      messageId: 'm',
    })
  })

  test('continues from the checkpoint of a run that has released it', async () => {
    const cloud = new MemoryCloud()
    left(cloud, { watermark: { line: 5, byte: 50 }, newest: 7 })
    await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })
    // Lines 6 and 7 may have been sent.
    expect(cloud.checkpoint()).toMatchObject({ watermark: { line: 5, byte: 50 }, invocations: 2, repeatsPossible: 2 })
  })

  test('continues from the checkpoint of a run that died, which may have sent many lines since', async () => {
    const cloud = new MemoryCloud()
    left(cloud, { watermark: { line: 5, byte: 50 }, newest: 7 }, 1)
    await cloud.clock.sleep(10)
    await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })
    expect(cloud.checkpoint()).toMatchObject({ watermark: { line: 5, byte: 50 }, repeatsPossible: 4 * (48 + 40) })
  })
})

describe('a segment that is done', () => {
  test('is not imported again', async () => {
    const cloud = new MemoryCloud()
    left(cloud, { isDone: true })
    expect(await acquireSegment(TASK, cloud.ports, invocation(), { readRules: noRules })).toMatchObject({
      kind: 'done',
      state: { isDone: true },
    })
  })

  // prettier-ignore
  test.each([
    //  the dead letter       task                 failure                                  is imported again
    [ 'was replayed since',   newTask(FILE, 1),    FAILED,                                  true ],
    [ 'was not replayed',     TASK,                FAILED,                                  false ],
    [ 'never existed',        newTask(FILE, 1),    { kind: 'missing', state: 'gone' },      false ],
    [ 'was not needed',       newTask(FILE, 1),    undefined,                               false ],
  ] as const)('is imported again only if its dead letter was replayed: it %s', (_what, task, failure, isReplay) => {
    expect(isReplayOf(failure, task)).toBe(isReplay)
  })
})
