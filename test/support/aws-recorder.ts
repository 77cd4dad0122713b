import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A call to AWS, as IAM sees it. */
export interface RecordedCall {
  readonly action: string
  /** The bucket, with the key of an object; the name of a queue; otherwise "". */
  readonly resource: string
  /** Condition keys. */
  readonly context: Readonly<Record<string, string>>
}

export interface RecordedAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

export interface AwsRecorder extends AsyncDisposable {
  readonly url: string
  readonly calls: RecordedCall[]
  /** Answers to give in place of those of the server behind, by IAM action, or by action and resource: `s3:GetBucketNotification b`. */
  readonly answers: Map<string, RecordedAnswer>
}

/** A server between the SDK and an AWS server: it records every call, and can answer some itself. */
export async function startAwsRecorder(upstream: string): Promise<AwsRecorder> {
  const calls: RecordedCall[] = []
  const answers = new Map<string, RecordedAnswer>()
  const server = createServer((incoming, response) => {
    void buffer(incoming).then((body) => {
      const call = recorded(incoming, body.toString())
      calls.push(call)
      const answer = answers.get(`${call.action} ${call.resource}`) ?? answers.get(call.action)
      if (answer === undefined) forward(upstream, incoming, body, response)
      else response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function forward(upstream: string, { method, url, headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { hostname, port } = new URL(upstream)
  request({ hostname, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(response)
  })
    .on('error', () => response.destroy())
    .end(body)
}

function recorded({ method = '', url = '', headers }: IncomingMessage, body: string): RecordedCall {
  const target = headers['x-amz-target']
  if (typeof target === 'string') {
    const [service = '', operation = ''] = target.split('.')
    const { QueueUrl } = JSON.parse(body) as { readonly QueueUrl?: string }
    const isQueue = service === 'AmazonSQS'
    return { action: `${isQueue ? 'sqs' : service}:${operation}`, resource: QueueUrl?.split('/').at(-1) ?? '', context: {} }
  }
  const { pathname, searchParams } = new URL(url, 'http://aws')
  const action = new URLSearchParams(body).get('Action')
  if (pathname === '/' && action !== null) return { action: `cloudformation:${action}`, resource: '', context: {} }
  const prefix = searchParams.get('prefix')
  return {
    action: `s3:${s3Action(method, decodeURIComponent(pathname), searchParams)}`,
    resource: decodeURIComponent(pathname.slice(1)).replace(/\/$/, ''),
    context: prefix === null ? {} : { 's3:prefix': prefix },
  }
}

/** @see Amazon S3, "Required permissions for Amazon S3 API operations" */
function s3Action(method: string, path: string, query: URLSearchParams): string {
  const isObject = /^\/[^/]+\/./.test(path)
  if (!isObject && query.has('notification')) return 'GetBucketNotification'
  if (!isObject && query.has('versions')) return 'ListBucketVersions'
  if (!isObject && query.has('list-type')) return 'ListBucket'
  if (isObject && (method === 'GET' || method === 'HEAD')) return query.has('versionId') ? 'GetObjectVersion' : 'GetObject'
  if (isObject && method === 'PUT') return 'PutObject'
  throw new Error(`${method} ${path}?${query.toString()} is not known here`)
}

/** How a service refuses a call for which the user has no permission. */
export function denied(action: string): RecordedAnswer {
  const message = `User: arn:aws:iam::123456789012:user/doctor is not authorized to perform: ${action}`
  if (action.startsWith('s3:')) return xml(403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
  if (action.startsWith('cloudformation:')) {
    const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error>`
    return xml(403, `<ErrorResponse>${error}</ErrorResponse>`)
  }
  const body = JSON.stringify({ __type: 'AccessDeniedException', message })
  return { status: 400, type: 'application/x-amz-json-1.1', body }
}

/** The answer of CloudFormation to drift detection for one resource. */
export function driftAnswer(status: string, propertyPath?: string): RecordedAnswer {
  const difference =
    propertyPath === undefined
      ? ''
      : `<member><PropertyPath>${propertyPath}</PropertyPath><ExpectedValue>true</ExpectedValue><ActualValue>false</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member>`
  return xml(
    200,
    `<DetectStackResourceDriftResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DetectStackResourceDriftResult><StackResourceDrift><StackId>s</StackId><LogicalResourceId>r</LogicalResourceId><ResourceType>t</ResourceType><StackResourceDriftStatus>${status}</StackResourceDriftStatus><PropertyDifferences>${difference}</PropertyDifferences><Timestamp>2026-01-01T00:00:00Z</Timestamp></StackResourceDrift></DetectStackResourceDriftResult></DetectStackResourceDriftResponse>`,
  )
}

function xml(status: number, body: string): RecordedAnswer {
  return { status, type: 'text/xml', body }
}
