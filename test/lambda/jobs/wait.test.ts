import { describe, expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { importFile } from '../../../lambda/jobs/import-file.ts'
import { isLeftToAnother, noteWait } from '../../../lambda/jobs/wait.ts'
import { checkpointKey } from '../../../lambda/keys.ts'
import { CHECKPOINT_SCHEMA, type Checkpoint } from '../../../lambda/settle/checkpoint.ts'
import { ACCEPTED, DOWN, FILE, goodLine, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

const TASK = newTask(FILE)

/** A file whose import has ended in an outage. */
async function inOutage(): Promise<MemoryCloud> {
  const cloud = new MemoryCloud()
  cloud.put(goodLine(1), goodLine(2), goodLine(3))
  cloud.answer = () => DOWN
  expect(await importFile(TASK, cloud.ports, invocation())).toEqual({ kind: 'requeued' })
  return cloud
}

describe('after an outage', () => {
  test('the checkpoint names the message that waits, and until when', async () => {
    const cloud = await inOutage()
    expect(cloud.queued).toHaveLength(1)
    const { id, until } = cloud.checkpoint()?.wait ?? { id: '', until: 0 }
    expect(id).toBe(cloud.queued[0]?.task.wait)
    // The virtual clock has moved on while the checkpoint was written.
    expect(Math.round((until - cloud.clock.now()) / 1000)).toBe(30)
  })

  test('a copy of the first message is deleted: it sends nothing, and queues nothing', async () => {
    const cloud = await inOutage()
    const sent = cloud.requests.length
    expect(await importFile(TASK, cloud.ports, invocation())).toEqual({ kind: 'yielded' })
    expect(cloud.requests).toHaveLength(sent)
    expect(cloud.queued).toHaveLength(1)
    expect(cloud.codes.at(-1)).toBe('copy_deleted')
  })

  test('the message that waits continues the import, even if SQS delivers it early', async () => {
    const cloud = await inOutage()
    cloud.answer = () => ACCEPTED
    expect(await importFile(cloud.queued[0]?.task ?? TASK, cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report).toMatchObject({ state: 'complete', lines: { delivered: 3 } })
    expect(cloud.checkpoint()?.wait).toBeUndefined()
  })

  test('once that message is overdue it may be lost, so a copy continues the import', async () => {
    const cloud = await inOutage()
    cloud.answer = () => ACCEPTED
    await cloud.clock.sleep(30_000)
    expect(await importFile(TASK, cloud.ports, invocation())).toEqual({ kind: 'done' })
    expect(cloud.report?.state).toBe('complete')
  })

  test('a run without a message does not wait', async () => {
    const cloud = await inOutage()
    cloud.answer = () => ACCEPTED
    expect(await importFile(TASK, cloud.ports, invocation({ messageId: undefined }))).toEqual({ kind: 'done' })
  })

  test('a note that cannot be written changes nothing', async () => {
    const cloud = new MemoryCloud()
    const released = { schema: CHECKPOINT_SCHEMA, isDone: false, leaseHolder: { run: 'r', serial: 1, until: 0 } }
    cloud.write(checkpointKey(FILE, 1), released)
    cloud.failing.add('checkpoints.put')
    await expect(noteWait(TASK, { id: 'a', until: 1 }, cloud.ports)).resolves.toBeUndefined()
    expect(cloud.checkpoint()).toEqual(released)
  })
})

// prettier-ignore
test.each<[string, object, boolean]>([
  [ 'released',                    { isDone: false, leaseHolder: { run: 'r', serial: 1, until: 0 } },        true ],
  [ 'held by another run',         { isDone: false, leaseHolder: { run: 'r', serial: 1, until: 99_999 } },   false ],
  [ 'left by a run that crashed',  { isDone: false, leaseHolder: { run: 'r', serial: 1, until: 1 } },        false ],
  [ 'done',                        { isDone: true, leaseHolder: { run: 'r', serial: 1, until: 0 } },         false ],
  [ 'damaged',                     { isDone: false },                                                        false ],
])('a checkpoint that is %s: noted %#', async (_what, state, isNoted) => {
  const cloud = new MemoryCloud()
  cloud.write(checkpointKey(FILE, 1), { schema: CHECKPOINT_SCHEMA, ...state })
  await noteWait(TASK, { id: 'a', until: 1 }, cloud.ports)
  expect(cloud.checkpoint()).toMatchObject(state)
  expect((cloud.checkpoint() as Checkpoint).wait !== undefined).toBe(isNoted)
})

// prettier-ignore
test.each([
  //  noted                       task                                 now    left to another
  [ undefined,                    { wait: 'a' },                       5,     false ],
  [ { id: 'a', until: 10 },       { wait: 'a' },                       5,     false ],
  [ { id: 'a', until: 10 },       { wait: 'b' },                       5,     true ],
  [ { id: 'a', until: 10 },       {},                                  5,     true ],
  [ { id: 'a', until: 10 },       { foundBySearch: true as const },    5,     false ],
  [ { id: 'a', until: 10 },       { wait: 'b' },                       10,    false ],
])('%j, task %j at %i: %s', (wait, task, now, isLeft) => {
  expect(isLeftToAnother(wait, task, now)).toBe(isLeft)
})
