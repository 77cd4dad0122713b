import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

export interface LambdaOptions {
  /** Where index.mjs lies. */
  readonly bundleDir: string
  /** File and export. @default index.handler */
  readonly handler?: string
  readonly env: Readonly<Record<string, string>>
  /** @default 30,000 */
  readonly timeoutMs?: number
}

/** What Lambda says when an invocation did not end with an answer: `Sandbox.Timedout`, `Runtime.ExitError`, or the error's own type. */
export class InvocationError extends Error {
  override readonly name = 'InvocationError'
  readonly errorType: string

  constructor(errorType: string, message: string) {
    super(message)
    this.errorType = errorType
  }
}

interface Invocation {
  readonly id: string
  readonly event: unknown
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
  timer?: NodeJS.Timeout
}

/** Lambda, Invoke: a synchronous answer has at most 6 MB. */
const MAX_ANSWER_BYTES = 6 * 1_048_576

const RUNTIME_CLIENT = path.join(import.meta.dirname, '../../../node_modules/aws-lambda-ric/index.mjs')
const NATIVE_CLIENT = path.join(import.meta.dirname, 'native-client.cjs')
const API = '/2018-06-01/runtime'

/**
 * Runs a bundle under AWS's own runtime interface client, behind a Runtime API of ours: one sandbox, one invocation at a time, killed
 * at its timeout, and a new sandbox after it has died.
 */
export class Lambda implements AsyncDisposable {
  readonly #options: LambdaOptions
  readonly #server: Server
  readonly #waiting: Invocation[] = []
  #running: Invocation | undefined
  #next: ServerResponse | undefined
  #sandbox: ChildProcess | undefined
  #logs = ''
  #isStopping = false

  private constructor(options: LambdaOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
  }

  static async start(options: LambdaOptions): Promise<Lambda> {
    const lambda = new Lambda(options)
    lambda.#server.listen(0, '127.0.0.1')
    await once(lambda.#server, 'listening')
    return lambda
  }

  /** All that the function wrote, to both of its streams. */
  get logs(): string {
    return this.#logs
  }

  /** @throws InvocationError */
  invoke(event: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id: randomUUID(), event, resolve, reject })
      this.#sandbox ??= this.#startSandbox()
      this.#give()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    const sandbox = this.#sandbox
    if (sandbox?.exitCode === null && sandbox.kill('SIGKILL')) await once(sandbox, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #startSandbox(): ChildProcess {
    const { bundleDir, handler = 'index.handler', env } = this.#options
    const { port } = this.#server.address() as AddressInfo
    const sandbox = spawn(process.execPath, ['--require', NATIVE_CLIENT, RUNTIME_CLIENT, handler], {
      cwd: bundleDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of this computer's: what is not set by Lambda or by the stack is not there.
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        LAMBDA_TASK_ROOT: bundleDir,
        _HANDLER: handler,
        AWS_LAMBDA_FUNCTION_NAME: 'importer',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/importer',
        AWS_LAMBDA_LOG_STREAM_NAME: 'test',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        TZ: ':UTC',
        ...env,
      },
    })
    const log = (chunk: Buffer): void => {
      this.#logs += chunk.toString()
    }
    sandbox.stdout.on('data', log)
    sandbox.stderr.on('data', log)
    sandbox.on('close', (code, signal) => {
      this.#sandboxEnded(sandbox, code, signal)
    })
    return sandbox
  }

  #sandboxEnded(sandbox: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#sandbox === sandbox) this.#sandbox = undefined
    this.#next = undefined
    this.#fail(
      this.#running,
      new InvocationError(
        'Runtime.ExitError',
        `RequestId: ${this.#running?.id ?? ''} Error: Runtime exited with ${String(code ?? signal)}`,
      ),
    )
    if (this.#isStopping) return
    // It died before it took anything: the same would happen again.
    if (this.#running === undefined && this.#waiting.length > 0 && code !== 0 && signal === null) {
      this.#fail(
        this.#waiting.shift(),
        new InvocationError('Runtime.ExitError', `Runtime exited with ${String(code)} before it was ready`),
      )
    }
    if (this.#waiting.length > 0) this.#sandbox = this.#startSandbox()
  }

  #give(): void {
    if (this.#next === undefined || this.#running !== undefined) return
    const invocation = this.#waiting.shift()
    if (invocation === undefined) return
    const { timeoutMs = 30_000 } = this.#options
    this.#running = invocation
    invocation.timer = setTimeout(() => {
      this.#fail(invocation, new InvocationError('Sandbox.Timedout', `Task timed out after ${timeoutMs / 1000} seconds`))
      this.#sandbox?.kill('SIGKILL')
    }, timeoutMs)
    this.#next.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:importer',
      'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
    })
    this.#next.end(JSON.stringify(invocation.event))
    this.#next = undefined
  }

  #fail(invocation: Invocation | undefined, error: Error): void {
    if (invocation === undefined) return
    clearTimeout(invocation.timer)
    if (this.#running === invocation) this.#running = undefined
    invocation.reject(error)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    if (url === `${API}/invocation/next`) {
      this.#next = response
      this.#give()
      return
    }
    const body = await bodyOf(request)
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}')
    const invocation = this.#running
    if (url === `${API}/init/error`) {
      this.#fail(this.#waiting.shift(), new InvocationError('Runtime.InitError', body))
    } else if (invocation !== undefined && url === `${API}/invocation/${invocation.id}/response`) {
      this.#settle(invocation, body)
    } else if (invocation !== undefined && url === `${API}/invocation/${invocation.id}/error`) {
      const { errorType, errorMessage } = JSON.parse(body) as { errorType: string; errorMessage: string }
      this.#fail(invocation, new InvocationError(errorType, errorMessage))
    }
  }

  #settle(invocation: Invocation, body: string): void {
    if (Buffer.byteLength(body) > MAX_ANSWER_BYTES) {
      this.#fail(
        invocation,
        new InvocationError('Function.ResponseSizeTooLarge', 'Response payload size exceeded maximum allowed payload size'),
      )
      return
    }
    clearTimeout(invocation.timer)
    this.#running = undefined
    invocation.resolve(body === '' ? undefined : JSON.parse(body))
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
