// cspell:ignore ALPH ANMF

/** A picture that is drawn over what is shown, as a WebP file of its own: transparent where nothing changes. */
export interface WebpFrame {
  readonly webp: Uint8Array
  /** Even, because the format stores half of it; `top` too. */
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly durationMs: number
}

const ANIMATION_FLAG = 0x02
const ALPHA_FLAG = 0x10
/** The frame is blended with what was there, and stays. */
const BLEND_AND_STAY = 0
/** The pixels of a frame. The other chunks of a file (its header, a color profile) do not belong into a frame. */
const PIXEL_CHUNKS = new Set(['ALPH', 'VP8 ', 'VP8L'])

/**
 * Joins pictures into one animated WebP that repeats for ever. Browsers encode WebP, but not its animations.
 *
 * See RFC 9649, section 2.7: VP8X (size of the canvas), ANIM (background and repeats), then one ANMF for each frame.
 */
export function animatedWebp(width: number, height: number, frames: readonly WebpFrame[]): Buffer {
  const header = Buffer.concat([uint32(ANIMATION_FLAG | ALPHA_FLAG), uint24(width - 1), uint24(height - 1)])
  const animation = Buffer.alloc(6)
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    chunk('VP8X', header),
    chunk('ANIM', animation),
    ...frames.map((frame) => chunk('ANMF', frameOf(frame))),
  ])
  return chunk('RIFF', body)
}

function frameOf({ webp, left, top, width, height, durationMs }: WebpFrame): Buffer {
  if (left % 2 !== 0 || top % 2 !== 0) throw new Error(`a frame starts at ${left},${top}: expected even numbers`)
  const numbers = [left / 2, top / 2, width - 1, height - 1, durationMs].map(uint24)
  return Buffer.concat([...numbers, Buffer.of(BLEND_AND_STAY), ...pixelChunks(Buffer.from(webp))])
}

function* pixelChunks(file: Buffer): Generator<Buffer> {
  const headerBytes = 12 // RIFF, its size, WEBP
  for (let at = headerBytes; at < file.length;) {
    const data = at + 8
    const end = data + file.readUInt32LE(at + 4)
    const name = file.toString('latin1', at, at + 4)
    if (PIXEL_CHUNKS.has(name)) yield chunk(name, file.subarray(data, end))
    at = end + (end % 2)
  }
}

/** Name, size, and the data, padded to an even size. */
function chunk(name: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(name), uint32(data.length), data, Buffer.alloc(data.length % 2)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntLE(value, 0, 3)
  return bytes
}
