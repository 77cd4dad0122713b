import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { deadLetterOf } from './fixtures.ts'
import { toBody } from '../../../lambda/settle/dead-letter.ts'

/** Receipt handles of Amazon SQS are about this long. */
const RECEIPT_CHARACTERS = 412

export interface LargeQueue extends AsyncDisposable {
  /** Of SQS, and of an empty S3 bucket. */
  readonly url: string
  /** Messages that are hidden now. */
  readonly hidden: () => number
}

/**
 * A dead-letter queue of any size, without storing it: each message is made when it is received. It knows only what reading needs.
 *
 * @param count dead letters, of lines of three files, the last line first
 * @param lineBytes length of each line
 */
export async function serveLargeQueue(count: number, lineBytes: number): Promise<LargeQueue> {
  const template = toBody(deadLetterOf('x'.repeat(lineBytes), { source: { bucket: 'b', key: 'KEY', line: 0 } }))
  const [beforeSource = '', afterSource = ''] = template.split('"key":"KEY","line":0')
  let received = 0
  let hidden = 0
  const messageAt = (index: number) => {
    const Body = `${beforeSource}"key":"incoming/${index % 3}.json","line":${count - index}${afterSource}`
    const MD5OfBody = createHash('md5').update(Body).digest('hex')
    const ReceiptHandle = `${index}-`.padEnd(RECEIPT_CHARACTERS, 'r')
    return { MessageId: `m-${index}`, ReceiptHandle, Body, MD5OfBody, Attributes: { SentTimestamp: '1767225600000' } }
  }
  const answers: Readonly<Record<string, (input: { readonly Entries?: readonly { readonly Id: string }[] }) => unknown>> = {
    'AmazonSQS.GetQueueAttributes': () => ({
      Attributes: {
        ApproximateNumberOfMessages: String(count - hidden),
        ApproximateNumberOfMessagesNotVisible: String(hidden),
        ApproximateNumberOfMessagesDelayed: '0',
      },
    }),
    'AmazonSQS.ReceiveMessage': () => {
      const Messages = Array.from({ length: Math.min(10, count - received) }, () => messageAt(received++))
      hidden += Messages.length
      return { Messages }
    },
    'AmazonSQS.ChangeMessageVisibilityBatch': ({ Entries = [] }) => {
      hidden -= Entries.length
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] }
    },
  }
  const answerOf = async (request: IncomingMessage): Promise<string> => {
    const answer = answers[String(request.headers['x-amz-target'])]
    const body = await text(request)
    if (answer !== undefined) return JSON.stringify(answer(JSON.parse(body) as object))
    return '<ListBucketResult><Name>b</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>'
  }
  const server = createServer((request, response) => {
    void answerOf(request).then((body) => response.end(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    hidden: () => hidden,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
