/** The importer of a run: the deployed handler behind an event source. It is killed and started again. */
import { advanceClock } from './clock-offset.ts' // first, because other modules keep a reference to the clock
import { subscribe } from 'node:diagnostics_channel'
import { SQSClient } from '@aws-sdk/client-sqs'
import { EventSource } from '../../../cli/local/event-source.ts'
import { cloudWatchLog } from '../../../lambda/adapters/log.ts'
import { createHandler, type Handler } from '../../../lambda/app.ts'
import { onParentMessage, sendToParent } from './child.ts'
import type { FromImporter, ToImporter } from './ipc-messages.ts'

const { CHAOS_QUEUE_URL = '', CHAOS_QUEUE_ARN = '', CHAOS_CONCURRENCY, CHAOS_TIMEOUT_MS, CHAOS_KILL_AT } = process.env

onParentMessage((message) => {
  advanceClock((message as ToImporter).ms)
})

/** The moments around a call to AWS are the riskiest ones, and random kills seldom hit them. So some kills are at such a call. */
const [moment, call] = CHAOS_KILL_AT?.split(' ') ?? []
if (moment !== undefined) {
  let calls = 0
  subscribe(moment === 'before' ? 'http.client.request.created' : 'http.client.response.finish', () => {
    calls += 1
    if (calls === Number(call)) process.kill(process.pid, 'SIGKILL')
  })
}

const log = cloudWatchLog('chaos')
const handler = createHandler(process.env, {
  ...log,
  count: (metric, value) => {
    if (metric === 'Requeues') sendToParent({ kind: 'requeued' } satisfies FromImporter)
    log.count(metric, value)
  },
})

let running = 0
const counted: Handler = async (event, context) => {
  sendToParent({ kind: 'running', count: (running += 1) } satisfies FromImporter)
  try {
    return await handler(event, context)
  } finally {
    log.publish()
    sendToParent({ kind: 'running', count: (running -= 1) } satisfies FromImporter)
  }
}

new EventSource(new SQSClient({}), counted, {
  queueUrl: CHAOS_QUEUE_URL,
  queueArn: CHAOS_QUEUE_ARN,
  batchSize: 1,
  timeoutMs: Number(CHAOS_TIMEOUT_MS),
  concurrency: Number(CHAOS_CONCURRENCY),
  onError: (error) => {
    process.stderr.write(`${String(error)}\n`)
  },
})
sendToParent({ kind: 'ready' } satisfies FromImporter)
