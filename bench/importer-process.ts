/**
 * Measured: the whole importer, from the S3 event to the final report, as one sandbox of the function runs it. A file above
 * KM_SEGMENT_BYTES is split; its segments are then received from the import queue and imported one after the other. argv: bucket, key.
 */
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { limitYoungSpace } from '../lambda/adapters/young-space.ts'
import { createHandler } from '../lambda/app.ts'
import { printFigures } from './measure.ts'

const [bucket = '', key = ''] = process.argv.slice(2)
const QueueUrl = process.env.KM_IMPORT_QUEUE_URL
/** Longer than the delay with which the importer queues the segments of a surveyed file. */
const WAIT_SECONDS = 20
const CONTEXT = { getRemainingTimeInMillis: () => 3_600_000 }

limitYoungSpace()

let lines: number | undefined
const handler = createHandler(process.env, {
  info: (_sentence, { total }) => {
    if (typeof total === 'number') lines = total // only the final report has it
  },
  warn: (sentence, facts) => process.stderr.write(`${sentence} ${JSON.stringify(facts)}\n`),
  error: (sentence, facts) => process.stderr.write(`${sentence} ${JSON.stringify(facts)}\n`),
  count: () => undefined,
})

/** What the event source mapping of the function does, with one message at a time, until the final report is written. */
async function handleQueuedMessages(): Promise<void> {
  const sqs = new SQSClient({})
  while (lines === undefined) {
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: WAIT_SECONDS }))
    if (message === undefined) return
    const { MessageId = '', ReceiptHandle = '', Body = '' } = message
    const record = { eventSource: 'aws:sqs', messageId: MessageId, receiptHandle: ReceiptHandle, body: Body, attributes: {} }
    const response = await handler({ Records: [record] }, CONTEXT)
    if (response?.batchItemFailures.length !== 0) throw new Error(`the importer did not acknowledge ${Body}`)
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  }
}

await printFigures(async () => {
  const s3 = { bucket: { name: bucket }, object: { key } }
  await handler({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] }, CONTEXT)
  if (lines === undefined) await handleQueuedMessages()
  if (lines === undefined) throw new Error(`${key} has no final report`)
  return lines
})
process.exit()
