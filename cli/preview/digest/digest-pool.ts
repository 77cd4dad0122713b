import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Block } from './digest-block.ts'
import type { Digest } from './digest.ts'

/** One thread folds the digests of all, which is a tenth of the work. */
const MAX_WORKERS = 6
/** One block that is digested, and one that waits. */
const BLOCKS_PER_WORKER = 2
/** For what lives as long as a block; V8's own limits are meant for a whole program. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 48 }

/** Threads that digest blocks beside this one. */
export class DigestPool implements AsyncDisposable {
  readonly #workers: DigestWorker[] = []
  readonly #size: number

  /** @param size none where there is one processor only */
  constructor(size = Math.min(MAX_WORKERS, availableParallelism() - 1)) {
    this.#size = size
  }

  /** To be called as soon as it is known that there will be blocks: a thread takes a tenth of a second to start. */
  start(): void {
    while (this.#workers.length < this.#size) this.#workers.push(new DigestWorker())
  }

  /** @param block its bytes are gone afterwards @returns undefined where all threads have enough to do */
  digest(block: Block): Promise<Digest> | undefined {
    const idlest = this.#workers.toSorted((a, b) => a.blocks - b.blocks)[0]
    return idlest === undefined || idlest.blocks === BLOCKS_PER_WORKER ? undefined : idlest.digest(block)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }
}

class DigestWorker {
  readonly #worker = new Worker(new URL('./digest-worker.ts', import.meta.url), { resourceLimits: LIMITS })
  /** It answers in the order in which it is asked. */
  readonly #waiting: PromiseWithResolvers<Digest>[] = []

  constructor() {
    this.#worker.on('message', (digest: Digest) => this.#waiting.shift()?.resolve(digest))
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting) reject(error)
    })
  }

  /** That it has not answered. */
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
