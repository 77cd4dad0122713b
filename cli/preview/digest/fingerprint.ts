import { foldName, normalizeName } from '../../../emulators/kissmetrics/parse-request.ts'

const COMMA = 0x2c
const COLON = 0x3a
const SPACE = 0x20
/** Beyond every character, so that "ab" and "c" are not "a" and "bc". */
const END_OF_TEXT = 0x11_0000

/**
 * 64 bits that stand for some texts and numbers, put in one after the other: so much of a thing is kept, and not the thing.
 *
 * Of two million different ones, the chance that any two are the same is one in nine million.
 */
export class Fingerprint {
  /** 32 bits each, signed. */
  high = 0
  low = 0

  /** @param high what to begin with: another seed, or an earlier fingerprint, gives another fingerprint */
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
   * A name or an identity as Kissmetrics takes it, with spaces for commas and colons.
   *
   * @returns whether there are any
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

  /** @param number whole; its lowest 32 bits count */
  number(number: number): this {
    this.high = Math.imul(rotated(this.high ^ number, 15), 0x9e37_79b1)
    this.low = Math.imul(rotated(this.low ^ number, 11), 0x27d4_eb2f)
    return this
  }

  /** To be called last: spreads what was put in over all bits. */
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

/** The end of MurmurHash3: each bit that goes in can change every bit that comes out. */
function mixed(bits: number): number {
  let mix = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35)
  return mix ^ (mix >>> 16)
}

/** Names come again and again. Bounded, since a file can have names of its own in each line. */
const MAX_CACHED_NAMES = 5_000

/** Fingerprints of names: the same for names that are one to Kissmetrics. */
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
