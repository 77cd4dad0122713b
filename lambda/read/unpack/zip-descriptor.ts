import type { ByteReader } from './byte-reader.ts'
import { cutOff, damaged, type ZipSums } from './zip-part.ts'

const SIGNATURE = 0x0807_4b50
/** Signature, checksum, two sizes of 8 bytes, and the first bytes of what follows. */
export const DESCRIPTOR_BYTES = 26
/** What follows a descriptor begins with it. */
const PK = 0x4b50

/**
 * Reads what stands behind the data of a file in an archive that was written to a pipe. Programs write it with or without a signature, and
 * with sizes of four or eight bytes; only comparing shows which.
 *
 * @throws UnreadableFile if it does not fit what was read
 * @see PKWARE, APPNOTE.TXT 4.3.9
 */
export async function skipDescriptor(reader: ByteReader, sums: ZipSums): Promise<void> {
  const bytes = await reader.peek(DESCRIPTOR_BYTES)
  const length = descriptorBytes(bytes, sums)
  if (length === undefined) throw bytes.length < DESCRIPTOR_BYTES ? cutOff() : damaged()
  reader.skip(length)
}

/** @returns its length, or undefined if there is no descriptor of a file with these sums at the start of `bytes` */
export function descriptorBytes(bytes: Buffer, sums: ZipSums): number | undefined {
  for (const start of [4, 0])
    for (const width of [4, 8]) {
      const length = start + 4 + 2 * width
      if (bytes.length < length + 2 || bytes.readUInt16LE(length) !== PK) continue
      if (start === 4 && bytes.readUInt32LE(0) !== SIGNATURE) continue
      if (bytes.readUInt32LE(start) !== sums.crc) continue
      if (sizeAt(bytes, start + 4, width) !== inWidth(sums.packedBytes, width)) continue
      if (sizeAt(bytes, start + 4 + width, width) === inWidth(sums.unpackedBytes, width)) return length
    }
  return undefined
}

function sizeAt(bytes: Buffer, at: number, width: number): number {
  return width === 4 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at))
}

function inWidth(size: number, width: number): number {
  return width === 4 ? size % 2 ** 32 : size
}
