import { orderFor, parseBrake, type Brake } from '../control/brake.ts'
import { asError, CancelledError, PausedError, SetupError } from '../errors.ts'
import type { SourceFile } from '../intake/source-file.ts'
import { BRAKE_KEY } from '../keys.ts'
import type { Ports } from '../ports.ts'

/** A running import looks this often at what people order, or at each checkpoint if they are more frequent. */
const MAX_LOOK_MS = 5_000

/** @throws NewerVersionError, SetupError for a damaged document, or the error of S3 */
export async function readBrake({ documents, bucket }: Pick<Ports, 'documents' | 'bucket'>): Promise<Brake> {
  return parseBrake(await documents.find({ bucket, key: BRAKE_KEY }))
}

type WatchPorts = Pick<Ports, 'documents' | 'bucket' | 'clock' | 'limits' | 'isUnsupervised'>

export interface BrakeWatchOptions {
  /** Left out: nothing that can be cancelled. */
  readonly file?: SourceFile
  /** Called at each look. @throws SetupError if the run has to stop */
  readonly onLook?: (brake: Brake) => Promise<void>
  /** Called once, with PausedError, CancelledError or SetupError. */
  readonly onStop: (error: Error) => void
}

/** Looks every few seconds whether a person has paused all imports, or cancelled this one. Begin it, and dispose when the run has ended. */
export class BrakeWatch implements Disposable {
  readonly #ports: WatchPorts
  readonly #options: BrakeWatchOptions
  readonly #ended = new AbortController()

  constructor(ports: WatchPorts, options: BrakeWatchOptions) {
    this.#ports = ports
    this.#options = options
  }

  /**
   * Begins to look. If the last look is too long ago, e.g. because the file was surveyed meanwhile, it looks before it returns.
   *
   * @param lookedAt when the run has read its orders
   */
  async begin(lookedAt: number): Promise<void> {
    const { clock, isUnsupervised } = this.#ports
    if (isUnsupervised === true) return
    const leftMs = this.#everyMs - (clock.now() - lookedAt)
    const stop = leftMs > 0 ? undefined : await this.#look()
    if (stop === undefined) void this.#watch(leftMs > 0 ? leftMs : this.#everyMs)
    else this.#options.onStop(stop)
  }

  [Symbol.dispose](): void {
    this.#ended.abort('ended') // without a reason, abort() makes an error with a stack trace
  }

  async #watch(firstMs: number): Promise<void> {
    const { clock } = this.#ports
    const { signal } = this.#ended
    let stop: Error | undefined
    for (let waitMs = firstMs; stop === undefined; waitMs = this.#everyMs) {
      await clock.sleep(waitMs, signal)
      if (signal.aborted) return
      stop = await this.#look()
    }
    if (!this.#isEnded) this.#options.onStop(stop)
  }

  get #everyMs(): number {
    return Math.min(this.#ports.limits.checkpointMs, MAX_LOOK_MS)
  }

  get #isEnded(): boolean {
    return this.#ended.signal.aborted
  }

  /** If S3 fails, the run goes on with what it knew last: an order that cannot be read stops nothing. */
  async #look(): Promise<Error | undefined> {
    try {
      const brake = await readBrake(this.#ports)
      const stop = stopFor(brake, this.#options.file)
      if (stop === undefined && !this.#isEnded) await this.#options.onLook?.(brake)
      return stop
    } catch (error) {
      return error instanceof SetupError ? asError(error) : undefined
    }
  }
}

function stopFor(brake: Brake, file: SourceFile | undefined): Error | undefined {
  const order = file === undefined ? undefined : orderFor(brake, file)
  if (order?.kind === 'cancelled') return new CancelledError(order.at)
  return brake.paused && new PausedError(brake.paused.since)
}
