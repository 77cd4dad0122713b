import type { LocalHeader } from '../../zip/local-header.ts'
import type { ByteReader } from './byte-reader.ts'
import { DESCRIPTOR_BYTES, descriptorBytes } from './zip-descriptor.ts'
import { cutOff, type ZipSums } from './zip-part.ts'

const SIGNATURE = Buffer.from('PK\x07\x08')

/** Data that is not compressed. */
export async function* storedData(reader: ByteReader, header: LocalHeader, sums: ZipSums): AsyncGenerator<Buffer> {
  const pieces = header.hasDescriptor && header.packedBytes === 0 ? untilDescriptor(reader, sums) : ofLength(reader, header)
  for await (const piece of pieces) {
    sums.packedBytes += piece.length
    yield piece
  }
}

async function* ofLength(reader: ByteReader, { packedBytes }: LocalHeader): AsyncGenerator<Buffer> {
  for (let left = packedBytes; left > 0;) {
    const piece = await reader.next(left)
    if (piece.length === 0) throw cutOff()
    left -= piece.length
    yield piece
  }
}

/** Nothing says how long the data is. It ends where a descriptor follows that fits it: a line can contain the signature, but not all of that. */
async function* untilDescriptor(reader: ByteReader, sums: ZipSums): AsyncGenerator<Buffer> {
  for (;;) {
    const bytes = await reader.peek(DESCRIPTOR_BYTES)
    if (bytes.length === 0) throw cutOff()
    if (descriptorBytes(bytes, sums) !== undefined) return
    const piece = await reader.next()
    const at = piece.indexOf(SIGNATURE, piece.subarray(0, 4).equals(SIGNATURE) ? 1 : 0)
    // The signature may also begin in these bytes and end in the next.
    const end = at === -1 ? piece.length - Math.min(piece.length - 1, SIGNATURE.length - 1) : at
    reader.unread(piece.subarray(end))
    yield piece.subarray(0, end)
  }
}
