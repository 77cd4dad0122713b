import { expect, test } from '@jest/globals'
import { newTask } from '../../../lambda/intake/task.ts'
import { yieldTo } from '../../../lambda/jobs/yield-to.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

// prettier-ignore
test.each([
  //  this run                 lease holder    outcome                 queued again after
  [ 'has its own message',     'm', 'other',      'yielded',            [] ],
  [ 'has the same message',    'm', 'm',          'delivered-twice',    [] ],
  [ 'came without a message',  undefined, 'm',       'yielded',            [7] ],
  [ 'meets one without a message', 'm', undefined,    'yielded',        [7] ],
  [ 'came without a message, as did the other', undefined, undefined, 'yielded', [7] ],
])('a run that %s', async (_what, messageId, holder, kind, delays) => {
  const cloud = new MemoryCloud()
  const outcome = await yieldTo({ ms: 6_500, messageId: holder }, newTask(FILE), invocation({ messageId }), cloud.ports)
  expect(outcome).toEqual(kind === 'yielded' ? { kind } : { kind, ms: 6_500 })
  expect(cloud.queued.map(({ delaySeconds }) => delaySeconds)).toEqual(delays)
  expect(cloud.codes).toEqual(kind === 'yielded' ? ['task_busy'] : [])
})
