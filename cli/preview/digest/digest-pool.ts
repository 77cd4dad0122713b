import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Block } from './digest-block.ts'
import type { Digest } from './digest.ts'

/** The main thread merges all digests, which is a tenth of the work; so more workers than this would wait for it. */
const MAX_WORKERS = 6
/** One block that is being digested, and one that waits. */
const BLOCKS_PER_WORKER = 2
/** A worker keeps one block at a time; V8's defaults are meant for a whole program. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 48 }

/** Worker threads that digest blocks. */
export class DigestPool implements AsyncDisposable {
  readonly #workers: DigestWorker[] = []
  readonly #size: number

  /** @param size number of threads; by default 0 on a computer with one processor */
  constructor(size = Math.min(MAX_WORKERS, availableParallelism() - 1)) {
    this.#size = size
  }

  /** Starts the threads. Call this as soon as there will be blocks: a thread takes a tenth of a second to start. */
  start(): void {
    while (this.#workers.length < this.#size) this.#workers.push(new DigestWorker())
  }

  /**
   * @param block its bytes are transferred, and cannot be read afterwards
   * @returns undefined if all threads are busy
   */
  digest(block: Block): Promise<Digest> | undefined {
    const leastBusy = this.#workers.toSorted((a, b) => a.blocks - b.blocks)[0]
    return leastBusy === undefined || leastBusy.blocks === BLOCKS_PER_WORKER ? undefined : leastBusy.digest(block)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }
}

class DigestWorker {
  readonly #worker = new Worker(new URL(`./digest-worker${path.extname(import.meta.filename)}`, import.meta.url), {
    resourceLimits: LIMITS,
  })
  /** The worker answers in the order of the requests. */
  readonly #waiting: PromiseWithResolvers<Digest>[] = []

  constructor() {
    this.#worker.on('message', (digest: Digest) => this.#waiting.shift()?.resolve(digest))
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting) reject(error)
    })
  }

  /** Blocks that it has not digested yet. */
  get blocks(): number {
    return this.#waiting.length
  }

  digest(block: Block): Promise<Digest> {
    const waiting = Promise.withResolvers<Digest>()
    this.#waiting.push(waiting)
    this.#worker.postMessage(block, [block.bytes.buffer])
    return waiting.promise
  }

  stop(): Promise<unknown> {
    return this.#worker.terminate()
  }
}
