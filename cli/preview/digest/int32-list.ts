const FIRST_LENGTH = 1_024

/** A growing list of 32-bit integers, which takes 4 bytes for each. */
export class Int32List {
  #numbers = new Int32Array(FIRST_LENGTH)
  #length = 0

  push(...numbers: readonly number[]): void {
    if (this.#length + numbers.length > this.#numbers.length) this.#grow()
    for (let index = 0; index < numbers.length; index += 1) this.#numbers[this.#length + index] = numbers[index] ?? 0
    this.#length += numbers.length
  }

  /** Returns all numbers, and empties the list. */
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
