/** The first 32 bits of the fractional part of `root(prime)` for the first primes. @see FIPS 180-4, 4.2.2 and 5.3.3 */
function constants(count: number, root: (prime: number) => number): readonly number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate += 1) {
    let divisor = 2
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor += 1
    if (divisor * divisor > candidate) found.push(((root(candidate) % 1) * 2 ** 32) | 0)
  }
  return found
}

const ROUNDS = 64
const K = constants(ROUNDS, Math.cbrt)
const INITIAL = constants(8, Math.sqrt)
const BLOCK_BYTES = 64

/** SHA-256 in hexadecimal. The page runs this too, and there Node's hash does not exist, and the browser's is asynchronous. @see FIPS 180-4 */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text)
  // One bit, zeros, and the length in bits as 64 bits.
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0)
  const hash = Int32Array.from(INITIAL)
  for (let start = 0; start < padded.length; start += BLOCK_BYTES) addBlock(hash, view, start)
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function addBlock(hash: Int32Array, view: DataView, start: number): void {
  const words = new Int32Array(ROUNDS)
  const at = (index: number): number => words[index] ?? 0
  for (let index = 0; index < ROUNDS; index += 1) {
    if (index < 16) {
      words[index] = view.getInt32(start + index * 4)
      continue
    }
    const early = at(index - 15)
    const late = at(index - 2)
    const first = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const second = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    words[index] = (at(index - 16) + first + at(index - 7) + second) | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash
  for (let index = 0; index < ROUNDS; index += 1) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (K[index] ?? 0) + at(index)) | 0
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) hash[index] = ((hash[index] ?? 0) + word) | 0
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}
