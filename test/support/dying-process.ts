/** Preloaded into a program: kills it at a call to S3 or SQS, before the request or after the response. Example: KM_DIES="after PUT 1". */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'

const [moment, call, which] = (process.env.KM_DIES ?? '').split(' ')
let calls = 0

subscribe(moment === 'before' ? 'http.client.request.created' : 'http.client.response.finish', (message) => {
  const { request } = message as { readonly request: ClientRequest }
  const target = request.getHeader('x-amz-target')
  const name = typeof target === 'string' ? target.replace('AmazonSQS.', '') : request.method
  if (name !== call) return
  calls += 1
  if (calls === Number(which)) process.kill(process.pid, 'SIGKILL')
})
