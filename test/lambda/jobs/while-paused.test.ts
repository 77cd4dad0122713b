import { describe, expect, test } from '@jest/globals'
import { waitWhilePaused } from '../../../lambda/jobs/while-paused.ts'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import type { Checkpoints } from '../../../lambda/ports.ts'
import { FILE, MemoryCloud } from '../../support/memory-cloud.ts'

const SINCE = '2026-01-01T00:00:00.000Z'

/** Lets a task wait, with S3 answering some of the writes of its note: 409 is a refusal without another writer. */
async function waitWith(answers: readonly ('409' | '503')[]) {
  const { ports } = new MemoryCloud()
  const left = [...answers]
  const put: Checkpoints['put'] = (key, value, expected) => {
    const answer = left.shift()
    if (answer === '503') return Promise.reject(new Error('S3 is busy'))
    return answer === '409' ? Promise.resolve(undefined) : ports.checkpoints.put(key, value, expected)
  }
  return waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, { ...ports, checkpoints: { ...ports.checkpoints, put } })
}

describe('the note of a pause says which message waits, so the old message stays if the note is not stored', () => {
  test('it is acknowledged if S3 stores the note, at once or after refusals', async () => {
    expect(await waitWith([])).toEqual({ kind: 'requeued' })
    expect(await waitWith(['409', '409'])).toEqual({ kind: 'requeued' })
  })

  test('it stays in the queue if S3 fails, or refuses again and again', async () => {
    await expect(waitWith(['503'])).rejects.toThrow('S3 is busy')
    await expect(waitWith(['409', '409', '409'])).rejects.toThrow('The message is tried again.')
  })
})

describe('while one message of a task waits', () => {
  // prettier-ignore
  test.each<[string, Partial<Task>, 'requeued' | 'yielded']>([
    //  another one                                     its task                   what happens to it
    [ 'is a copy',                                      {},                        'yielded' ],
    [ 'is a copy that waits as well',                   { pause: 'another' },      'yielded' ],
    [ 'was released by a person',                       { released: true },        'requeued' ],
    [ 'was found by a search',                          { foundBySearch: true },   'requeued' ],
    [ 'was replayed by a person',                       { replays: 1 },            'requeued' ],
    [ 'was released, but an older message waits',       { released: true, pause: 'another' }, 'yielded' ],
  ])('one that %s', async (_what, changes, kind) => {
    const { ports } = new MemoryCloud()
    await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, ports)
    const result = await waitWhilePaused({ ...newTask(FILE), ...changes }, SINCE, { messageId: 'm2' }, ports)
    expect(result).toEqual({ kind })
  })

  test('the message that has queued it may try again, because SQS may not have stored the new one', async () => {
    const { ports } = new MemoryCloud()
    const failing = { ...ports, importQueue: { ...ports.importQueue, send: () => Promise.reject(new Error('SQS is down')) } }
    await expect(waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, failing)).rejects.toThrow('SQS is down')
    expect(await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm2' }, ports)).toEqual({ kind: 'yielded' })
    expect(await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, ports)).toEqual({ kind: 'requeued' })
  })

  test('so may its redrive from the dead-letter queue, which has another id', async () => {
    const { ports } = new MemoryCloud()
    const task = { ...newTask(FILE), pause: 'p1' }
    await waitWhilePaused(task, SINCE, { messageId: 'm1' }, ports)
    expect(await waitWhilePaused(task, SINCE, { messageId: 'redriven' }, ports)).toEqual({ kind: 'requeued' })
  })

  test('it waits for this pause only: a message that met an earlier one is not taken for a copy in the next', async () => {
    const { ports } = new MemoryCloud()
    await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, ports)
    const next = '2026-01-01T00:05:00.000Z'
    const result = await waitWhilePaused({ ...newTask(FILE), pause: 'earlier' }, next, { messageId: 'm2' }, ports)
    expect(result).toEqual({ kind: 'requeued' })
  })

  test('a copy takes its place if it is overdue', async () => {
    const { ports } = new MemoryCloud()
    const later = (seconds: number) => ({ ...ports, clock: { ...ports.clock, now: () => ports.clock.now() + seconds * 1000 } })
    await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm1' }, ports)
    expect(await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm2' }, later(900))).toEqual({ kind: 'yielded' })
    expect(await waitWhilePaused(newTask(FILE), SINCE, { messageId: 'm2' }, later(961))).toEqual({ kind: 'requeued' })
  })
})

test('messages do not multiply while SQS stores each and reports an error', async () => {
  const { ports } = new MemoryCloud()
  const queue: { readonly id: string; readonly task: Task; tries: number }[] = [{ id: 'm0', task: newTask(FILE), tries: 0 }]
  let sent = 0
  const send = (body: string) => {
    queue.push({ id: `m${(sent += 1)}`, task: JSON.parse(body) as Task, tries: 0 })
    return Promise.reject(new Error('SQS has stored it, and reports an error'))
  }
  const failing = { ...ports, importQueue: { ...ports.importQueue, send } }
  for (let round = 0; round < 200 && queue.length > 0; round += 1) {
    const message = queue.shift()!
    message.tries += 1
    const isDone = await waitWhilePaused(message.task, SINCE, { messageId: message.id }, failing).then(
      () => true,
      () => false,
    )
    if (!isDone && message.tries < 5) queue.push(message)
    expect(queue.length).toBeLessThanOrEqual(3)
  }
  expect(queue.length).toBeGreaterThan(0)
})
