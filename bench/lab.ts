import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { startSinkProcess } from '../test/support/sink-process.ts'
import { bundled } from './bundled.ts'
import { Cloud } from './cloud.ts'
import { LAMBDA_FLAGS } from './lambda-flags.ts'
import { runMeasured, type Figures } from './measure.ts'

export interface ImportOptions {
  /** Of the endpoint; without it, the fast one. */
  readonly sinkUrl?: string
  readonly inFlight?: number
  readonly env?: Readonly<Record<string, string>> | undefined
}

export interface ImportFigures extends Figures {
  /** When the process was started, in milliseconds since 1970. */
  readonly startedAt: number
}

/** What the parts of the benchmark share: a folder, the emulators of S3 and SQS, a fast endpoint, and the bundled importer. */
export class Lab implements AsyncDisposable {
  readonly folder: string
  readonly sinkUrl: string
  readonly inFlight: number
  readonly #cloud: Cloud
  readonly #importer: string
  readonly #stack: AsyncDisposableStack

  private constructor(
    folder: string,
    sinkUrl: string,
    inFlight: number,
    cloud: Cloud,
    importer: string,
    stack: AsyncDisposableStack,
  ) {
    this.folder = folder
    this.sinkUrl = sinkUrl
    this.inFlight = inFlight
    this.#cloud = cloud
    this.#importer = importer
    this.#stack = stack
  }

  static async open(inFlight: number): Promise<Lab> {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(path.join(tmpdir(), 'km-bench-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const cloud = stack.use(await Cloud.start(folder))
    const sink = await startSinkProcess()
    stack.defer(() => sink.stop())
    const importer = await bundled('importer-process.ts', folder)
    return new Lab(folder, sink.url, inFlight, cloud, importer, stack.move())
  }

  /** Imports a file as the function does, in a new process that Node starts as in Lambda. */
  async importOnce(
    body: Readable,
    { sinkUrl = this.sinkUrl, inFlight = this.inFlight, env }: ImportOptions = {},
  ): Promise<ImportFigures> {
    const uploaded = await this.#cloud.upload(body, sinkUrl, inFlight)
    const startedAt = Date.now()
    const figures = await runMeasured(this.#importer, [uploaded.bucket, uploaded.key], { ...uploaded.env, ...env }, LAMBDA_FLAGS)
    await this.#cloud.remove(uploaded)
    return { ...figures, startedAt }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}
