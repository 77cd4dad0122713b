import path from 'node:path'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { API_KEY } from '../../support/installation.ts'
import { Child } from './child.ts'
import { MAX_LIFETIME_MS, type Kill } from './kill-plan.ts'
import type { AwsReady, FromImporter, FromSink, ToAws, ToImporter, ToSink } from './ipc-messages.ts'
import { CLOCK_OFFSET_MS } from './clock-offset.ts'
import type { SinkPlan } from './sink-process.ts'

const HERE = import.meta.dirname

/** S3 and SQS. They run until the end. */
export class AwsProcess implements AsyncDisposable {
  readonly urls: AwsReady
  readonly #child: Child<AwsReady, ToAws>

  private constructor(child: Child<AwsReady, ToAws>, urls: AwsReady) {
    this.#child = child
    this.urls = urls
  }

  static async start(folder: string): Promise<AwsProcess> {
    const ready = Promise.withResolvers<AwsReady>()
    const child = new Child<AwsReady, ToAws>(path.join(HERE, 'services-process.ts'), ready.resolve, { args: [folder] })
    return new AwsProcess(child, await unlessEnded(child, ready.promise))
  }

  /** Settings for the AWS SDK. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_S3: this.urls.s3Url,
      AWS_ENDPOINT_URL_SQS: this.urls.sqsUrl,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: this.urls.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.urls.credentials.secretAccessKey,
    }
  }

  advanceClock(ms: number): void {
    this.#child.send({ kind: 'advance', ms })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

/** The Kissmetrics endpoint. It runs until the end. */
export class SinkProcess implements AsyncDisposable {
  readonly url: string
  readonly #child: Child<FromSink, ToSink>
  readonly #state: SinkState

  private constructor(child: Child<FromSink, ToSink>, url: string, state: SinkState) {
    this.#child = child
    this.url = url
    this.#state = state
  }

  static async start(plan: SinkPlan): Promise<SinkProcess> {
    const ready = Promise.withResolvers<string>()
    const state: SinkState = { accepted: 0, watchers: new Set(), flushed: Promise.withResolvers() }
    const child = new Child<FromSink, ToSink>(
      path.join(HERE, 'sink-process.ts'),
      (message) => {
        if (message.kind === 'ready') ready.resolve(message.url)
        else if (message.kind === 'flushed') state.flushed.resolve(undefined)
        else {
          state.accepted = message.count
          for (const watch of state.watchers) watch()
        }
      },
      { args: [JSON.stringify(plan)] },
    )
    return new SinkProcess(child, await unlessEnded(child, ready.promise), state)
  }

  get accepted(): number {
    return this.#state.accepted
  }

  /** Calls `call` when the sink has accepted this many requests in total. Dispose to stop waiting. */
  onAccepted(count: number, call: () => void): Disposable {
    const { watchers } = this.#state
    const watch = (): void => {
      if (this.accepted >= count) call()
    }
    watchers.add(watch)
    watch()
    return { [Symbol.dispose]: () => watchers.delete(watch) }
  }

  /** Completes its log. It accepts nothing afterwards. */
  async flush(): Promise<void> {
    this.#child.send({ kind: 'flush' })
    await unlessEnded(this.#child, this.#state.flushed.promise)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

interface SinkState {
  accepted: number
  readonly watchers: Set<() => void>
  readonly flushed: PromiseWithResolvers<undefined>
}

export interface ImporterOptions {
  /** The bundle, as it is deployed. */
  readonly file: string
  readonly log: number
  readonly aws: AwsProcess
  readonly sink: SinkProcess
  readonly concurrency: number
  readonly timeoutMs: number
  /** Settings of the function. */
  readonly env: Readonly<Record<string, string>>
}

/** One process of the importer, until it is killed. */
export class ImporterProcess implements AsyncDisposable {
  /** Invocations that are running, or were when it was killed. */
  running = 0
  requeued = 0
  readonly #child: Child<FromImporter, ToImporter>
  readonly #ready = Promise.withResolvers<undefined>()
  readonly #sink: SinkProcess

  /** @param offsetMs how far its clock is ahead @param kill when it will be killed */
  constructor({ file, log, aws, sink, concurrency, timeoutMs, env }: ImporterOptions, offsetMs: number, kill?: Kill) {
    this.#sink = sink
    this.#child = new Child<FromImporter, ToImporter>(
      file,
      (message) => {
        if (message.kind === 'ready') this.#ready.resolve(undefined)
        else if (message.kind === 'running') this.running = message.count
        else this.requeued += 1
      },
      {
        log,
        env: {
          ...aws.env,
          KM_ENDPOINT: sink.url,
          KM_API_KEY: API_KEY,
          KM_BUCKET: BUCKET,
          KM_IMPORT_QUEUE_URL: aws.urls.importQueueUrl,
          KM_DEAD_LETTER_QUEUE_URL: aws.urls.deadLetterQueueUrl,
          ...env,
          CHAOS_QUEUE_URL: aws.urls.importQueueUrl,
          CHAOS_QUEUE_ARN: aws.urls.importQueueArn,
          CHAOS_CONCURRENCY: String(concurrency),
          CHAOS_TIMEOUT_MS: String(timeoutMs),
          [CLOCK_OFFSET_MS]: String(offsetMs),
          ...(kill?.kind === 'at a call' && { CHAOS_KILL_AT: `${kill.moment} ${kill.call}` }),
        },
      },
    )
  }

  get hasEnded(): boolean {
    return this.#child.isEnded
  }

  advanceClock(ms: number): void {
    this.#child.send({ kind: 'advance', ms })
  }

  /** Kills the process as planned. */
  async runUntil(kill: Kill): Promise<void> {
    const over = Promise.withResolvers<undefined>()
    const end = (): void => {
      over.resolve(undefined)
    }
    const after = (ms: number): void => {
      timers.push(setTimeout(end, ms))
    }
    const timers: NodeJS.Timeout[] = []
    const before = this.#sink.accepted
    if (kill.kind === 'starting') after(kill.ms)
    else await Promise.race([this.#ready.promise, this.#child.ended])
    if (kill.kind === 'by the clock') after(kill.ms)
    after(MAX_LIFETIME_MS)
    using _watch = this.#sink.onAccepted(kill.kind === 'at work' ? before + kill.requests : Infinity, end)
    await Promise.race([over.promise, this.#child.ended])
    for (const timer of timers) clearTimeout(timer)
    await this.#child.kill()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

async function unlessEnded<T>(child: { readonly ended: Promise<void> }, wanted: Promise<T>): Promise<T> {
  return Promise.race([
    wanted,
    child.ended.then((): never => {
      throw new Error('a process of the run ended unexpectedly; see its last output above')
    }),
  ])
}
