import { crc32, deflateRawSync } from 'node:zlib'

interface ZipEntry {
  readonly name: string
  readonly bytes: Buffer
}

/** 1980-01-01, the first date that zip knows: the same files always make the same bytes. */
const DATE = 0x00_21
/** Lambda runs as another user, so everybody may read the files: -rw-r--r--. */
const MODE = 0o100644
const UNIX = 3
const VERSION = 20
const UTF8_NAMES = 0x08_00
const DEFLATE = 8

/**
 * Makes a zip file. Node and the dependencies of this project have nothing for it.
 *
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of entries) {
    const packed = deflateRawSync(bytes, { level: 9 })
    const nameBytes = Buffer.from(name)
    const common = numbers([
      [2, VERSION],
      [2, UTF8_NAMES],
      [2, DEFLATE],
      [2, 0], // time
      [2, DATE],
      [4, crc32(bytes)],
      [4, packed.length],
      [4, bytes.length],
      [2, nameBytes.length],
      [2, 0], // extra fields
    ])
    const local = [Buffer.from('PK\u0003\u0004'), common, nameBytes, packed]
    const [comment, disk, internal] = [0, 0, 0]
    const attributes = numbers([[2, comment], [2, disk], [2, internal], [4, MODE * 0x1_00_00], [4, offset]]) // prettier-ignore
    directory.push(Buffer.from('PK\u0001\u0002'), Buffer.from([VERSION, UNIX]), common, attributes, nameBytes)
    parts.push(...local)
    offset += local.reduce((sum, { length }) => sum + length, 0)
  }
  const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0)
  const end = numbers([[2, 0], [2, 0], [2, entries.length], [2, entries.length], [4, directoryBytes], [4, offset], [2, 0]]) // prettier-ignore
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\u0005\u0006'), end])
}

/** Little-endian numbers, each with its size in bytes. */
function numbers(fields: readonly (readonly [size: number, value: number])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [size]) => sum + size, 0))
  let at = 0
  for (const [size, value] of fields) at = buffer.writeUIntLE(value, at, size)
  return buffer
}
