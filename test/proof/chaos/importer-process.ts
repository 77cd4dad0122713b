/** The importer of a run: the deployed handler behind its event source. It is killed, and started again. */
import { letTimePass } from './passing-time.ts' // first, since others keep the clock
import { subscribe } from 'node:diagnostics_channel'
import { SQSClient } from '@aws-sdk/client-sqs'
import { EventSource } from '../../../cli/local/event-source.ts'
import { cloudWatchLog } from '../../../lambda/adapters/log.ts'
import { createHandler, type Handler } from '../../../lambda/app.ts'
import { listen, tell } from './child.ts'
import type { FromImporter, ToImporter } from './messages.ts'

const { CHAOS_QUEUE_URL = '', CHAOS_QUEUE_ARN = '', CHAOS_CONCURRENCY, CHAOS_TIMEOUT_MS, CHAOS_DIES } = process.env

listen((message) => {
  letTimePass((message as ToImporter).ms)
})

/** Between a call to AWS and its effect is where a program is weakest, and chance alone seldom hits there: so some die at such a call. */
const [moment, call] = CHAOS_DIES?.split(' ') ?? []
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
    if (metric === 'Requeues') tell({ kind: 'handed-on' } satisfies FromImporter)
    log.count(metric, value)
  },
})

let running = 0
const counted: Handler = async (event, context) => {
  tell({ kind: 'running', count: (running += 1) } satisfies FromImporter)
  try {
    return await handler(event, context)
  } finally {
    log.flush()
    tell({ kind: 'running', count: (running -= 1) } satisfies FromImporter)
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
tell({ kind: 'ready' } satisfies FromImporter)
