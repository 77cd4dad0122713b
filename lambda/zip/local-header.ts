import { IN_EXTRA_FIELD, readZip64, type ZipEntry } from './entry.ts'
import { Fields } from './fields.ts'

/** What stands in front of the data of a file. */
export interface LocalHeader extends ZipEntry {
  readonly crc: number
  /** Whether checksum and sizes stand behind the data instead: the archive was written to a pipe. */
  readonly hasDescriptor: boolean
}

/** The fixed part, with its signature. Name and extra fields follow. */
export const LOCAL_HEADER_BYTES = 30

/** The length of name and extra fields. */
export function variableBytes(fixed: Uint8Array): number {
  const fields = new Fields(fixed)
  return fields.u16(26) + fields.u16(28)
}

/** @param header with name and extra fields @see PKWARE, APPNOTE.TXT 4.3.7 */
export function readLocalHeader(header: Uint8Array): LocalHeader {
  const fields = new Fields(header)
  const nameBytes = fields.u16(26)
  const flags = fields.u16(6)
  const sizes = [fields.u32(22), fields.u32(18)]
  const large = readZip64(fields.part(LOCAL_HEADER_BYTES + nameBytes, fields.u16(28)))[Symbol.iterator]()
  const [unpackedBytes = 0, packedBytes = 0] = sizes.map((size) =>
    size === IN_EXTRA_FIELD ? (large.next().value ?? size) : size,
  )
  return {
    name: fields.text(LOCAL_HEADER_BYTES, nameBytes),
    method: fields.u16(8),
    isEncrypted: (flags & 0x0001) !== 0,
    hasDescriptor: (flags & 0x0008) !== 0,
    crc: fields.u32(14),
    packedBytes,
    unpackedBytes,
  }
}
