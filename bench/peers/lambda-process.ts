/** The function behind its queue, as AWS's event source mapping calls it, until a file has its final report. argv: Job, URL of the queue. */
import { SQSClient } from '@aws-sdk/client-sqs'
import { EventSource } from '../../cli/local/event-source.ts'
import { createHandler } from '../../lambda/app.ts'
import { printFigures } from '../measure.ts'
import { readJob } from './job.ts'

readJob()
const [, , , queueUrl = ''] = process.argv

let rejected = 0
const { promise: finished, resolve: finish } = Promise.withResolvers<number>()

function toStderr(sentence: string, facts: object): void {
  process.stderr.write(`${sentence} ${JSON.stringify(facts)}\n`)
}

const handler = createHandler(process.env, {
  info: (_sentence, facts) => {
    if (typeof facts.total !== 'number') return // only the final report has it
    if (typeof facts.rejected === 'number') rejected = facts.rejected
    finish(facts.total)
  },
  warn: toStderr,
  error: toStderr,
  count: () => undefined,
})

await printFigures(
  async () => {
    const source = new EventSource(new SQSClient({}), handler, {
      queueUrl,
      queueArn: 'arn:aws:sqs:us-east-1:000000000000:import',
      batchSize: 1,
      timeoutMs: 900_000,
      concurrency: 1,
      onError: (error) => process.stderr.write(`${String(error)}\n`),
    })
    const lines = await finished
    await source.stop()
    return lines
  },
  () => ({ rejected }),
)
process.exit()
