import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { noFaults } from '../../../emulators/s3/faults.ts'
import { Notifications } from '../../../emulators/s3/notifications.ts'
import { Store } from '../../../emulators/s3/store.ts'

const QUEUE_CONFIGURATION =
  '<NotificationConfiguration><QueueConfiguration><Queue>arn:aws:sqs:us-east-1:000000000000:import</Queue>' +
  '<Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>'

test('an event that is stored while a delivery finds no more events is delivered', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'km-events-'))
  const store = new Store(dir)
  store.changeBuckets("INSERT INTO buckets (name, created_at, notifications) VALUES ('bucket', 0, '[]')")
  const delivered: string[] = []
  const notifications = new Notifications(
    store,
    'us-east-1',
    (_arn, body) => {
      delivered.push(body)
      return Promise.resolve()
    },
    noFaults(),
  )
  try {
    notifications.deliver() // after the write of an object that nobody waits for
    notifications.configure('bucket', QUEUE_CONFIGURATION) // stores a test event, in the same turn of the event loop
    await turnOfTheEventLoop()
    expect(delivered).toEqual([expect.stringContaining('s3:TestEvent')])
  } finally {
    await notifications.stop()
    store.close()
    await rm(dir, { recursive: true, force: true })
  }
})
