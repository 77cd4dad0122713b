import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { expect, test } from '@jest/globals'
import { requeueFailedImports } from '../../../cli/rejects/requeue-failed-imports.ts'
import { deadLetterOf, NEVER, TestDeployment } from './fixtures.ts'

test('a failed import is sent to the import queue as it is, and removed from the dead-letter queue', async () => {
  await using cloud = await TestDeployment.start()
  const { sqs, importQueueUrl: QueueUrl } = cloud.deployment
  const body = '{"schema":"kissmetrics-importer/reconcile/v1"}'
  const id = await cloud.queue(body)
  const other = await cloud.queue(deadLetterOf('{}'))
  const bodies = new Map([
    [id, body],
    ['gone', 'not in the queue any more'],
  ])
  expect(await requeueFailedImports(cloud.deployment, bodies, NEVER)).toBe(1)
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
  expect(Messages.map(({ Body }) => Body)).toContain(body)
  expect(await cloud.visible()).toEqual([other])
})
