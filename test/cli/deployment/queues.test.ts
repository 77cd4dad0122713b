import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { countMessages, queueDepth, queueDepths } from '../../../cli/deployment/queue-depth.ts'
import { deadLetterRetentionMs } from '../../../cli/deployment/retention.ts'
import { TestDeployment } from '../rejects/fixtures.ts'

let cloud: TestDeployment
beforeAll(async () => {
  cloud = await TestDeployment.start()
})
afterAll(() => cloud[Symbol.asyncDispose]())

test('waiting, hidden and delayed messages are counted', async () => {
  const { deployment } = cloud
  const { sqs, deadLetterQueueUrl: QueueUrl } = deployment
  await cloud.queue('waiting')
  await cloud.queue('hidden')
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'delayed', DelaySeconds: 900 }))
  expect(await queueDepth(sqs, QueueUrl)).toEqual({ active: 2, delayed: 1 })
  expect(await countMessages(sqs, QueueUrl)).toBe(3)
  expect((await queueDepths(deployment)).deadLetters).toBe(3)
})

test('the dead-letter queue keeps messages for 14 days', async () => {
  expect(await deadLetterRetentionMs(cloud.deployment)).toBe(14 * 24 * 3_600_000)
  expect(await deadLetterRetentionMs({ ...cloud.deployment, deadLettersExpire: false })).toBeUndefined()
})
