import { crc32, createInflateRaw } from 'node:zlib'
import { findCountFault, findEntryFault, isIgnoredEntry, STORED } from '../../zip/entry.ts'
import { LOCAL_HEADER_BYTES, readLocalHeader, variableBytes, type LocalHeader } from '../../zip/local-header.ts'
import { UnreadableFile, UnsupportedPacking } from '../unreadable.ts'
import { ByteReader } from './byte-reader.ts'
import { Decompressor, DECOMPRESSOR_OPTIONS } from './decompressor.ts'
import { storedData } from './stored-data.ts'
import { skipDescriptor } from './zip-descriptor.ts'
import { cutOff, damaged, type ZipSums } from './zip-part.ts'

const LOCAL_HEADER = 0x0403_4b50
/** What follows the last file. @see PKWARE, APPNOTE.TXT 4.3.6 */
const AFTER_FILES = new Set([0x0201_4b50, 0x0605_4b50, 0x0606_4b50, 0x0806_4b50])

/**
 * The only file of a zip archive. It is read from its start, with the headers in front of each file, so that memory does not depend on its
 * size.
 *
 * @throws UnreadableFile if it is damaged, cut off, or has several files: only the end of an archive says how many
 */
export async function* unzip(slices: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new ByteReader(slices)
  let files = 0
  try {
    for (;;) {
      const signature = await reader.peek(4)
      if (signature.length < 4) throw cutOff()
      if (AFTER_FILES.has(signature.readUInt32LE())) break
      if (signature.readUInt32LE() !== LOCAL_HEADER) throw damaged()
      const header = await nextHeader(reader)
      const isIgnored = isIgnoredEntry(header)
      if (!isIgnored) files += 1
      if (files > 1) throw new UnreadableFile('it is a zip archive with several files; unpack it, and import each file')
      const fault = findEntryFault(header)
      if (fault !== undefined) throw new UnsupportedPacking(fault)
      for await (const piece of dataOf(reader, header)) if (!isIgnored) yield piece
    }
    while ((await reader.next()).length > 0); // the directory
    const fault = findCountFault(files)
    if (fault !== undefined) throw new UnsupportedPacking(fault)
  } finally {
    await reader.close()
  }
}

async function nextHeader(reader: ByteReader): Promise<LocalHeader> {
  const fixed = await reader.peek(LOCAL_HEADER_BYTES)
  if (fixed.length < LOCAL_HEADER_BYTES) throw cutOff()
  const length = LOCAL_HEADER_BYTES + variableBytes(fixed)
  const header = await reader.peek(length)
  if (header.length < length) throw cutOff()
  reader.skip(length)
  return readLocalHeader(header)
}

/** The data of a file, and what follows it. Its checksum is compared when it was read. */
async function* dataOf(reader: ByteReader, header: LocalHeader): AsyncGenerator<Buffer> {
  const sums: ZipSums = { crc: 0, packedBytes: 0, unpackedBytes: 0 }
  const pieces = header.method === STORED ? storedData(reader, header, sums) : inflated(reader, sums)
  for await (const piece of pieces) {
    sums.crc = crc32(piece, sums.crc)
    sums.unpackedBytes += piece.length
    yield piece
  }
  if (header.hasDescriptor) await skipDescriptor(reader, sums)
  else if (header.crc !== sums.crc || header.packedBytes !== sums.packedBytes || header.unpackedBytes !== sums.unpackedBytes)
    throw damaged()
}

async function* inflated(reader: ByteReader, sums: ZipSums): AsyncGenerator<Buffer> {
  using decompressor = new Decompressor(createInflateRaw(DECOMPRESSOR_OPTIONS), 'zip')
  for (;;) {
    const slice = await reader.next()
    if (slice.length === 0) break
    yield* decompressor.write(slice)
    if (decompressor.rest.length === 0) continue
    reader.unread(decompressor.rest)
    sums.packedBytes = decompressor.bytesUsed
    return
  }
  yield* decompressor.end()
  throw cutOff() // the directory is missing
}
