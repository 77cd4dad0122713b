import { expect, test } from '@jest/globals'
import { newTask, type Task } from '../../../lambda/intake/task.ts'
import { yieldTo } from '../../../lambda/jobs/yield-to.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

// prettier-ignore
test.each([
  //  this run                 lease holder    outcome                 queued again after
  [ 'has its own message',     'm', 'other',      'yielded',            [] ],
  [ 'has the same message',    'm', 'm',          'yielded',            [7] ],
  [ 'came without a message',  undefined, 'm',       'yielded',            [7] ],
  [ 'meets one without a message', 'm', undefined,    'yielded',        [7] ],
  [ 'came without a message, as did the other', undefined, undefined, 'yielded', [7] ],
])('a run that %s', async (_what, messageId, holder, kind, delays) => {
  const cloud = new MemoryCloud()
  const outcome = await yieldTo({ ms: 6_500, messageId: holder }, newTask(FILE), invocation({ messageId }), cloud.ports)
  expect(outcome).toEqual({ kind })
  expect(cloud.queued.map(({ delaySeconds }) => delaySeconds)).toEqual(delays)
  expect(cloud.codes).toEqual(['task_busy'])
})

// prettier-ignore
test.each<[string, Partial<Task>, string, Partial<Task> | undefined, number]>([
  //  the holder works on           the task before                         holder    the new task                              after
  [ 'the same message',             {},                                     'm',      { successorOf: 'm', delays: 1 },          7 ],
  [ 'its predecessor, still',       { successorOf: 'n', delays: 1 },        'n',      { successorOf: 'n', delays: 2 },          14 ],
  [ 'the same message, after a kill', { successorOf: 'n', delays: 4 },      'm',      { successorOf: 'm', delays: 1 },          7 ],
  [ 'the message of a third run',   { successorOf: 'n', delays: 4 },        'other',  undefined,                                0 ],
])('a message whose lease holder works on %s', async (_what, before, holder, after, seconds) => {
  const cloud = new MemoryCloud()
  await yieldTo({ ms: 6_500, messageId: holder }, { ...newTask(FILE), ...before }, invocation({ messageId: 'm' }), cloud.ports)
  expect(cloud.queued).toEqual(after === undefined ? [] : [{ task: { ...newTask(FILE), ...after }, delaySeconds: seconds }])
})
