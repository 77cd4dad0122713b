/** A stage in which lines can pile up. */
export interface BoundedStage {
  /** Whether the stage takes another line now. */
  readonly hasRoom: boolean
  /**
   * Called on every stage while the reader waits: when the wait begins, and again after each change. The stage starts whatever frees room.
   * It may call `changed` or `fail` immediately.
   */
  onWait(): void
}

/**
 * Makes the reader of a file wait while a stage is full. So memory stays bounded, and a slow endpoint slows down the S3 socket.
 *
 * The stages add themselves, and report each change that may have freed room. The pipeline asks before each line: it costs no promise while
 * there is room.
 */
export class BackPressure {
  readonly #stages: BoundedStage[] = []
  #waiters: (() => void)[] = []
  #error: Error | undefined

  add(stage: BoundedStage): void {
    this.#stages.push(stage)
  }

  /** Whether every stage takes another line now. Always false after `fail`. */
  get hasRoom(): boolean {
    if (this.#error !== undefined) return false
    for (const stage of this.#stages) if (!stage.hasRoom) return false
    return true
  }

  /** Resolves when every stage takes another line. @throws the error that was passed to `fail` */
  async room(): Promise<void> {
    while (this.#error === undefined && !this.hasRoom) {
      // Listens before it calls the stages, which may report a change immediately.
      const change = new Promise<void>((resolve) => this.#waiters.push(resolve))
      for (const stage of this.#stages) stage.onWait()
      await change
    }
    if (this.#error !== undefined) throw this.#error
  }

  /** A stage may have room again. */
  changed(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** There will be no more room: `room` throws this error from now on, and the first error wins. */
  fail(error: Error): void {
    this.#error ??= error
    this.changed()
  }
}
