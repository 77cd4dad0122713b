import path from 'node:path'
import { BUCKET } from '../../../cli/local/addresses.ts'
import { API_KEY } from '../../support/installation.ts'
import { Child } from './child.ts'
import { LONGEST_LIFE_MS, type Death } from './kills.ts'
import type { CloudReady, FromImporter, FromSink, ToCloud, ToImporter, ToSink } from './messages.ts'
import { AHEAD_MS } from './passing-time.ts'
import type { SinkPlan } from './sink-process.ts'

const HERE = import.meta.dirname

/** S3 and SQS, which outlive everything. */
export class CloudProcess implements AsyncDisposable {
  readonly urls: CloudReady
  readonly #child: Child<CloudReady, ToCloud>

  private constructor(child: Child<CloudReady, ToCloud>, urls: CloudReady) {
    this.#child = child
    this.urls = urls
  }

  static async start(folder: string): Promise<CloudProcess> {
    const ready = Promise.withResolvers<CloudReady>()
    const child = new Child<CloudReady, ToCloud>(path.join(HERE, 'services-process.ts'), ready.resolve, { args: [folder] })
    return new CloudProcess(child, await before(child, ready.promise))
  }

  /** Where an AWS client finds it. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_S3: this.urls.s3Url,
      AWS_ENDPOINT_URL_SQS: this.urls.sqsUrl,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'chaos',
      AWS_SECRET_ACCESS_KEY: 'chaos',
    }
  }

  letTimePass(ms: number): void {
    this.#child.send({ kind: 'pass', ms })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

/** Kissmetrics, which outlives everything too. */
export class SinkProcess implements AsyncDisposable {
  readonly url: string
  readonly #child: Child<FromSink, ToSink>
  readonly #heard: Heard

  private constructor(child: Child<FromSink, ToSink>, url: string, heard: Heard) {
    this.#child = child
    this.url = url
    this.#heard = heard
  }

  static async start(plan: SinkPlan): Promise<SinkProcess> {
    const ready = Promise.withResolvers<string>()
    const heard: Heard = { taken: 0, watchers: new Set(), flushed: Promise.withResolvers() }
    const child = new Child<FromSink, ToSink>(
      path.join(HERE, 'sink-process.ts'),
      (message) => {
        if (message.kind === 'ready') ready.resolve(message.url)
        else if (message.kind === 'flushed') heard.flushed.resolve(undefined)
        else {
          heard.taken = message.count
          for (const watch of heard.watchers) watch()
        }
      },
      { args: [JSON.stringify(plan)] },
    )
    return new SinkProcess(child, await before(child, ready.promise), heard)
  }

  get taken(): number {
    return this.#heard.taken
  }

  /** Calls when so many requests have been taken in all. @returns to stop waiting for it */
  when(count: number, call: () => void): Disposable {
    const { watchers } = this.#heard
    const watch = (): void => {
      if (this.taken >= count) call()
    }
    watchers.add(watch)
    watch()
    return { [Symbol.dispose]: () => watchers.delete(watch) }
  }

  /** Its log is whole when this resolves; it takes nothing more. */
  async flush(): Promise<void> {
    this.#child.send({ kind: 'flush' })
    await before(this.#child, this.#heard.flushed.promise)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

interface Heard {
  taken: number
  readonly watchers: Set<() => void>
  readonly flushed: PromiseWithResolvers<undefined>
}

export interface ImporterOptions {
  /** As it is deployed: one file. */
  readonly file: string
  readonly log: number
  readonly cloud: CloudProcess
  readonly sink: SinkProcess
  readonly concurrency: number
  readonly timeoutMs: number
  /** Settings of the function. */
  readonly env: Readonly<Record<string, string>>
}

/** One life of the importer. */
export class ImporterProcess implements AsyncDisposable {
  /** Invocations that run, or ran when it was killed. */
  running = 0
  requeued = 0
  readonly #child: Child<FromImporter, ToImporter>
  readonly #ready = Promise.withResolvers<undefined>()
  readonly #sink: SinkProcess

  /** @param aheadMs how far its clock is ahead */
  constructor({ file, log, cloud, sink, concurrency, timeoutMs, env }: ImporterOptions, aheadMs: number, death?: Death) {
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
          ...cloud.env,
          KM_ENDPOINT: sink.url,
          KM_API_KEY: API_KEY,
          KM_BUCKET: BUCKET,
          KM_IMPORT_QUEUE_URL: cloud.urls.importQueueUrl,
          KM_DEAD_LETTER_QUEUE_URL: cloud.urls.deadLetterQueueUrl,
          ...env,
          CHAOS_QUEUE_URL: cloud.urls.importQueueUrl,
          CHAOS_QUEUE_ARN: cloud.urls.importQueueArn,
          CHAOS_CONCURRENCY: String(concurrency),
          CHAOS_TIMEOUT_MS: String(timeoutMs),
          [AHEAD_MS]: String(aheadMs),
          ...(death?.kind === 'at a call' && { CHAOS_DIES: `${death.moment} ${death.call}` }),
        },
      },
    )
  }

  get hasEnded(): boolean {
    return this.#child.isEnded
  }

  letTimePass(ms: number): void {
    this.#child.send({ kind: 'pass', ms })
  }

  /** Lets it live until its time has come, and kills it. */
  async liveUntil(death: Death): Promise<void> {
    const over = Promise.withResolvers<undefined>()
    const end = (): void => {
      over.resolve(undefined)
    }
    const after = (ms: number): void => {
      timers.push(setTimeout(end, ms))
    }
    const timers: NodeJS.Timeout[] = []
    const before = this.#sink.taken
    if (death.kind === 'starting') after(death.ms)
    else await Promise.race([this.#ready.promise, this.#child.ended])
    if (death.kind === 'by the clock') after(death.ms)
    after(LONGEST_LIFE_MS)
    using _watch = this.#sink.when(death.kind === 'at work' ? before + death.requests : Infinity, end)
    await Promise.race([over.promise, this.#child.ended])
    for (const timer of timers) clearTimeout(timer)
    await this.#child.kill()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill()
  }
}

async function before<T>(child: { readonly ended: Promise<void> }, wanted: Promise<T>): Promise<T> {
  return Promise.race([
    wanted,
    child.ended.then((): never => {
      throw new Error('a process of the run ended by itself; what it said last stands above')
    }),
  ])
}
