const FIRST_BYTES = 1_024

/** A set of line numbers, one bit each. */
export class LineSet {
  #bits = new Uint8Array(FIRST_BYTES)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(line: number): void {
    const at = line >>> 3
    if (at >= this.#bits.length) this.#grow(at + 1)
    if (this.has(line)) return
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (line & 7))
    this.#size += 1
  }

  has(line: number): boolean {
    return ((this.#bits[line >>> 3] ?? 0) & (1 << (line & 7))) !== 0
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, this.#bits.length * 2))
    grown.set(this.#bits)
    this.#bits = grown
  }
}
