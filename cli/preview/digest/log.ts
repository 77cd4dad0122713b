const FIRST_LENGTH = 1_024

/** A list of 32-bit numbers that grows, in little memory. */
export class Log {
  #numbers = new Int32Array(FIRST_LENGTH)
  #length = 0

  push(...numbers: readonly number[]): void {
    if (this.#length + numbers.length > this.#numbers.length) this.#grow()
    for (let index = 0; index < numbers.length; index += 1) this.#numbers[this.#length + index] = numbers[index] ?? 0
    this.#length += numbers.length
  }

  /** All that there is; the log is empty then. */
  take(): Int32Array<ArrayBuffer> {
    const taken = this.#numbers.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #grow(): void {
    const longer = new Int32Array(2 * this.#numbers.length)
    longer.set(this.#numbers)
    this.#numbers = longer
  }
}
