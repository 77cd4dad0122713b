import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LogFile } from './log-file.ts'
import { startSandbox } from './sandbox.ts'

export interface LambdaOptions {
  /** The folder of index.mjs. */
  readonly bundleDir: string
  /** File and export. @default index.handler */
  readonly handler?: string
  readonly env: Readonly<Record<string, string>>
  /** @default 30,000 */
  readonly timeoutMs?: number
  /** How long a sandbox may take to ask for its first invocation. @default 60,000; Lambda allows 10,000, but a busy test machine needs more */
  readonly initTimeoutMs?: number
  /** @default 1,024 */
  readonly memoryMb?: number
}

/** An invocation that failed: `Sandbox.Timedout`, `Runtime.ExitError`, or the type of the thrown error. */
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

/** AWS Lambda, Invoke: a synchronous response has at most 6 MB. */
const MAX_RESPONSE_BYTES = 6 * 1_048_576

const API = '/2018-06-01/runtime'

/**
 * Runs a bundle under AWS's runtime interface client with an emulated Runtime API: one sandbox and one invocation at a time. A sandbox is
 * killed at its timeout, and a new one replaces it.
 */
export class Lambda implements AsyncDisposable {
  readonly #options: Required<LambdaOptions>
  readonly #server: Server
  readonly #waiting: Invocation[] = []
  #running: Invocation | undefined
  #next: ServerResponse | undefined
  #sandbox: ChildProcess | undefined
  /** Runs until the sandbox is ready or reports an init error. */
  #initTimer: NodeJS.Timeout | undefined
  readonly #log = new LogFile()
  #isStopping = false

  private constructor(options: LambdaOptions) {
    this.#options = { handler: 'index.handler', timeoutMs: 30_000, initTimeoutMs: 60_000, memoryMb: 1_024, ...options }
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

  /** Everything that the function wrote to stdout and stderr. */
  get logs(): string {
    return this.#log.text
  }

  /** @throws InvocationError */
  invoke(event: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id: randomUUID(), event, resolve, reject })
      this.#sandbox ??= this.#startSandbox()
      this.#sendNext()
    })
  }

  /** Ends the running invocation and its sandbox, as Lambda does when the time is over. */
  timeOut(): void {
    this.#fail(this.#running, 'Sandbox.Timedout', `Task timed out after ${this.#options.timeoutMs / 1000} seconds`)
    this.#sandbox?.kill('SIGKILL')
  }

  /** Sends a signal to the sandbox: SIGSTOP freezes it and SIGCONT thaws it, as Lambda does between invocations. */
  signal(signal: NodeJS.Signals): void {
    this.#sandbox?.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    for (const invocation of this.#waiting.splice(0))
      this.#fail(invocation, 'Sandbox.Failure', 'Lambda was stopped before this invocation started')
    const sandbox = this.#sandbox
    if (sandbox !== undefined) {
      sandbox.kill('SIGKILL')
      await once(sandbox, 'close')
    }
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
    this.#log.close()
  }

  #startSandbox(): ChildProcess {
    const { port } = this.#server.address() as AddressInfo
    const sandbox = startSandbox({
      ...this.#options,
      runtimeApi: `127.0.0.1:${port}`,
      log: this.#log,
    })
    sandbox.on('close', (code, signal) => {
      this.#sandboxEnded(signal === null ? `exit status ${String(code)}` : `signal: ${signal}`)
    })
    const { initTimeoutMs } = this.#options
    this.#initTimer = setTimeout(() => {
      this.#initEnded()
      this.#fail(this.#waiting.shift(), 'Sandbox.Timedout', `Init timed out after ${initTimeoutMs / 1000} seconds`)
      sandbox.kill('SIGKILL')
    }, initTimeoutMs)
    return sandbox
  }

  /** @returns whether the init phase was still running */
  #initEnded(): boolean {
    const wasRunning = this.#initTimer !== undefined
    clearTimeout(this.#initTimer)
    this.#initTimer = undefined
    return wasRunning
  }

  #sandboxEnded(how: string): void {
    this.#sandbox = undefined
    this.#next = undefined
    // A sandbox that dies in its init phase would do so again, so the invocation that it was started for fails.
    const failed = this.#initEnded() ? this.#waiting.shift() : this.#running
    this.#fail(failed, 'Runtime.ExitError', `RequestId: ${failed?.id ?? ''} Error: Runtime exited with error: ${how}`)
    if (this.#waiting.length > 0 && !this.#isStopping) this.#sandbox = this.#startSandbox()
  }

  #sendNext(): void {
    if (this.#next === undefined || this.#running !== undefined) return
    const invocation = this.#waiting.shift()
    if (invocation === undefined) return
    const { timeoutMs } = this.#options
    this.#running = invocation
    invocation.timer = setTimeout(() => {
      this.timeOut()
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    if (url === `${API}/invocation/next`) {
      this.#initEnded()
      this.#next = response
      this.#sendNext()
      return
    }
    const body = await bodyOf(request)
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}')
    const invocation = this.#running
    if (url === `${API}/init/error`) {
      if (this.#initEnded()) this.#fail(this.#waiting.shift(), 'Runtime.InitError', body)
    } else if (invocation !== undefined && url === `${API}/invocation/${invocation.id}/response`) {
      this.#settle(invocation, body)
    } else if (invocation !== undefined && url === `${API}/invocation/${invocation.id}/error`) {
      const { errorType, errorMessage } = JSON.parse(body) as { errorType: string; errorMessage: string }
      this.#fail(invocation, errorType, errorMessage)
    }
  }

  #settle(invocation: Invocation, body: string): void {
    if (Buffer.byteLength(body) > MAX_RESPONSE_BYTES) {
      this.#fail(invocation, 'Function.ResponseSizeTooLarge', 'Response payload size exceeded maximum allowed payload size')
      return
    }
    this.#ended(invocation)
    invocation.resolve(body === '' ? undefined : JSON.parse(body))
  }

  #fail(invocation: Invocation | undefined, errorType: string, message: string): void {
    if (invocation === undefined) return
    this.#ended(invocation)
    invocation.reject(new InvocationError(errorType, message))
  }

  #ended(invocation: Invocation): void {
    clearTimeout(invocation.timer)
    if (this.#running === invocation) this.#running = undefined
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
