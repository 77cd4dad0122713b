import { foldName, normalizeName } from './stored-name.ts'

const COMMA = 0x2c
const COLON = 0x3a
const SPACE = 0x20
/** Greater than every character, so that "ab", "c" differs from "a", "bc". */
const END_OF_TEXT = 0x11_0000

/**
 * A 64-bit hash of texts and numbers. It is kept in place of the texts, to save memory.
 *
 * Among two million different values, the chance that any two have the same fingerprint is one in nine million.
 */
export class Fingerprint {
  /** 32 bits each, signed. */
  high = 0
  low = 0

  /** @param high @param low the seed, or an earlier fingerprint to continue */
  start(high: number, low: number): this {
    this.high = high
    this.low = low
    return this
  }

  text(text: string): this {
    let { high, low } = this
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      high = Math.imul(high ^ code, 0x85eb_ca6b)
      high = (high << 13) | (high >>> 19)
      low = Math.imul(low ^ code, 0xc2b2_ae35)
      low = (low << 17) | (low >>> 15)
    }
    this.high = high
    this.low = low
    return this.number(END_OF_TEXT)
  }

  /**
   * Adds a name or an identity as Kissmetrics stores it: with spaces for commas and colons.
   *
   * @returns whether it has any
   */
  name(text: string): boolean {
    let { high, low } = this
    let isChanged = false
    for (let at = 0; at < text.length; at += 1) {
      let code = text.charCodeAt(at)
      if (code === COMMA || code === COLON) {
        code = SPACE
        isChanged = true
      }
      high = Math.imul(high ^ code, 0x85eb_ca6b)
      high = (high << 13) | (high >>> 19)
      low = Math.imul(low ^ code, 0xc2b2_ae35)
      low = (low << 17) | (low >>> 15)
    }
    this.high = high
    this.low = low
    this.number(END_OF_TEXT)
    return isChanged
  }

  /** @param number an integer, of which the lowest 32 bits count */
  number(number: number): this {
    this.high = Math.imul(rotated(this.high ^ number, 15), 0x9e37_79b1)
    this.low = Math.imul(rotated(this.low ^ number, 11), 0x27d4_eb2f)
    return this
  }

  /** Call this last. It spreads the input over all bits. */
  end(): this {
    const high = mixed(this.high ^ rotated(this.low, 16))
    this.low = mixed(this.low ^ high)
    this.high = high
    return this
  }
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

/** The finalizer of MurmurHash3: each input bit can change each output bit. */
function mixed(bits: number): number {
  let mix = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35)
  return mix ^ (mix >>> 16)
}

/** Most names repeat, so their fingerprints are cached. The cache is bounded, because a file can have new names in each line. */
const MAX_CACHED_NAMES = 5_000

/** Fingerprints of names. Names that Kissmetrics does not distinguish have the same one. */
export class NameFingerprints {
  readonly #known = new Map<string, Fingerprint>()

  of(name: string): Fingerprint {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const fingerprint = new Fingerprint()
      .start(0, 0)
      .text(foldName(normalizeName(name)))
      .end()
    if (this.#known.size >= MAX_CACHED_NAMES) this.#known.clear()
    this.#known.set(name, fingerprint)
    return fingerprint
  }
}
