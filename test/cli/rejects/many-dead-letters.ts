import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import type { LocalServices } from '../../../cli/local/services.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'
import { deadLetterOf } from './fixtures.ts'

/** What SQS accepts in one request. */
const BATCH = 10
const FILES = 7

/** Sends dead letters of `count` lines with a time in milliseconds, of person0, person1 and so on, from seven files. */
export async function fillDeadLetterQueue(
  { sqs, deadLetterQueueUrl }: Pick<LocalServices, 'sqs' | 'deadLetterQueueUrl'>,
  count: number,
): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const Entries = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
      Id: String(index),
      MessageBody: bodyAt(from + index),
    }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: deadLetterQueueUrl, Entries }))
  }
}

function bodyAt(index: number): string {
  return toBody(
    deadLetterOf(`{"_p":"person${index}@example.com","_t":1393344605000,"_n":"Paid","amount":12}`, {
      reason: 'timestamp_in_milliseconds',
      source: { bucket: 'b', key: `incoming/${index % FILES}.jsonl`, line: index + 1 },
    }),
  )
}
