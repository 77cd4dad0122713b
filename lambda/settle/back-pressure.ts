import { asError } from '../errors.ts'

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
 * The stages add themselves, and report each change that may have freed room. The next line passes in the same moment, so a request can
 * begin in the callback of the answer that has made room for it. No line costs a promise.
 */
export class BackPressure {
  readonly #stages: BoundedStage[] = []
  #readers: readonly (() => void)[] = []
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

  /**
   * Passes items on in order, each as soon as every stage has room. The next one is taken from `items` before there is room for it.
   *
   * @returns how many there were, when the last one was passed on
   * @throws the error that was passed to `fail`, or what `pass` or the items throw
   */
  passAll<T>(items: Iterable<T>, pass: (item: T) => void): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const iterator = items[Symbol.iterator]()
    let passed = 0
    let next: IteratorResult<T> | undefined
    /** Also after the end. While it passes items, or asks the stages, these may report changes. */
    let isBusy = false
    const read = (): void => {
      if (isBusy) return
      isBusy = true
      try {
        for (next ??= iterator.next(); next.done !== true; next = iterator.next()) {
          while (!this.hasRoom) {
            if (this.#error !== undefined) throw this.#error
            for (const stage of this.#stages) stage.onWait()
            if (this.#isFull) {
              isBusy = false
              return
            }
          }
          passed += 1
          pass(next.value)
        }
        resolve(passed)
      } catch (error) {
        reject(asError(error))
      }
      this.#readers = this.#readers.filter((reader) => reader !== read)
    }
    this.#readers = [...this.#readers, read]
    read()
    return promise
  }

  /** A stage may have room again. */
  changed(): void {
    for (const read of this.#readers) read()
  }

  /** There will be no more room: readers get this error from now on, and the first error wins. */
  fail(error: Error): void {
    this.#error ??= error
    this.changed()
  }

  /** Whether a stage has no room, and may have some later. */
  get #isFull(): boolean {
    return this.#error === undefined && !this.hasRoom
  }
}
