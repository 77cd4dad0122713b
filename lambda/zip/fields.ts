/** Reads the numbers of a zip archive, which are little-endian. Runs in a browser too. */
export class Fields {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get length(): number {
    return this.bytes.length
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true)
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true)
  }

  /** Sizes are exact up to 9 PB. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true))
  }

  text(start: number, length: number): string {
    return new TextDecoder().decode(this.bytes.subarray(start, start + length))
  }

  part(start: number, length: number): Fields {
    return new Fields(this.bytes.subarray(start, start + length))
  }
}
