import { expect, test } from '@jest/globals'
import { NoProgressError } from '../../../lambda/errors.ts'
import { newTask } from '../../../lambda/intake/task.ts'
import type { Unfinished } from '../../../lambda/jobs/outcome.ts'
import { whenUnfinished } from '../../../lambda/jobs/when-unfinished.ts'
import { FILE, invocation, MemoryCloud } from '../../support/memory-cloud.ts'

// prettier-ignore
test.each<[Unfinished, string, readonly (readonly [reached: number, delaySeconds: number])[], readonly string[]]>([
  //  the run ended with                                            job outcome         new messages   events
  [ { kind: 'out-of-time', began: 0, reached: 7 },                  'requeued',         [[7, 0]],      ['task_requeued'] ],
  [ { kind: 'deliveries-used', began: 0, reached: 7 },              'requeued',         [[7, 0]],      ['task_requeued'] ],
  [ { kind: 'outage', detail: 'no answer', reached: 7 },            'requeued',         [[7, 30]],     ['endpoint_down'] ],
  [ { kind: 'outage', detail: 'no answer', reached: 0 },            'requeued',         [[0, 30]],     ['endpoint_down'] ],
  [ { kind: 'busy', ms: 5_000, messageId: 'other' },                'yielded',          [],            ['task_busy'] ],
  [ { kind: 'busy', ms: 5_000, messageId: undefined },              'yielded',          [[0, 5]],      ['task_busy'] ],
  [ { kind: 'busy', ms: 5_000, messageId: 'm' },                    'delivered-twice',  [],            [] ],
  [ { kind: 'waiting' },                                            'yielded',          [],            ['copy_deleted'] ],
  [ { kind: 'lease-lost' },                                         'lease-lost',       [],            [] ],
  [ { kind: 'message-lost' },                                       'message-lost',     [],            [] ],
  [ { kind: 'interrupted' },                                        'interrupted',      [],            [] ],
])('%j: %s', async (unfinished, kind, queued, codes) => {
  const cloud = new MemoryCloud()
  expect(await whenUnfinished(unfinished, newTask(FILE), invocation(), cloud.ports)).toMatchObject({ kind })
  expect(cloud.queued.map(({ task, delaySeconds }) => [task.reached, delaySeconds])).toEqual(queued)
  expect(cloud.codes).toEqual(codes)
})

test('an invocation that runs out of time without progress is an error', async () => {
  const cloud = new MemoryCloud()
  const unfinished = { kind: 'out-of-time', began: 7, reached: 7 } as const
  await expect(whenUnfinished(unfinished, newTask(FILE), invocation(), cloud.ports)).rejects.toThrow(NoProgressError)
})

test('a task whose message SQS does not accept is not acknowledged', async () => {
  const cloud = new MemoryCloud()
  cloud.failing.add('importQueue.send')
  const unfinished = { kind: 'outage', detail: 'no answer', reached: 7 } as const
  await expect(whenUnfinished(unfinished, newTask(FILE), invocation(), cloud.ports)).rejects.toThrow('importQueue.send failed')
})
