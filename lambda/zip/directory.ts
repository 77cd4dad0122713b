import { findCountFault, findEntryFault, IN_EXTRA_FIELD, isIgnoredEntry, readZip64, type ZipEntry } from './entry.ts'
import { Fields } from './fields.ts'

/** How much of the end of an archive is read. The directory of an archive with one file is there, behind it a comment of at most 64 KB. */
export const DIRECTORY_BYTES = 131_072

/** A file of the archive, and where it is. */
export interface ListedEntry extends ZipEntry {
  /** Position of its local header. */
  readonly headerStart: number
}

/** What an archive contains, without folders and what macOS adds. */
export type Directory =
  | { readonly kind: 'listed'; readonly files: readonly ListedEntry[] }
  /** It is too long to be read: the archive has hundreds of files. */
  | { readonly kind: 'long'; readonly entries: number }
  /** The archive is cut off or damaged. */
  | { readonly kind: 'missing' }

const END = 0x0605_4b50
const END_BYTES = 22
const ZIP64_LOCATOR = 0x0706_4b50
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_END = 0x0606_4b50
const ENTRY = 0x0201_4b50
const ENTRY_BYTES = 46

/**
 * Reads the directory at the end of a zip archive. Runs in a browser too.
 *
 * @param tail the last bytes of the archive, or all
 * @param bytes length of the archive
 * @see PKWARE, APPNOTE.TXT 4.3.12 to 4.3.16
 */
export function readDirectory(tail: Uint8Array, bytes: number): Directory {
  const fields = new Fields(tail)
  const tailStart = bytes - tail.length
  const end = findEnd(fields, tailStart)
  if (end === undefined) return { kind: 'missing' }
  if (end.start < tailStart) return { kind: 'long', entries: end.entries }
  const files: ListedEntry[] = []
  let at = end.start - tailStart
  for (let index = 0; index < end.entries; index += 1) {
    if (at + ENTRY_BYTES > tail.length || fields.u32(at) !== ENTRY) return { kind: 'missing' }
    const nameBytes = fields.u16(at + 28)
    const extraBytes = fields.u16(at + 30)
    const entry = readEntry(fields, at, nameBytes, extraBytes)
    if (!isIgnoredEntry(entry)) files.push(entry)
    at += ENTRY_BYTES + nameBytes + extraBytes + fields.u16(at + 32)
  }
  return { kind: 'listed', files }
}

/** Why an archive cannot be imported, and what to do. @returns undefined too if its directory is missing: what can be read of it is read */
export function findArchiveFault(directory: Directory): string | undefined {
  if (directory.kind === 'missing') return undefined
  if (directory.kind === 'long') return findCountFault(directory.entries)
  const fault = findCountFault(directory.files.length)
  const [file] = directory.files
  return fault ?? (file && findEntryFault(file))
}

/** Where the directory is. */
interface DirectoryEnd {
  readonly start: number
  readonly entries: number
}

function findEnd(fields: Fields, tailStart: number): DirectoryEnd | undefined {
  for (let at = fields.length - END_BYTES; at >= 0; at -= 1) {
    // Its comment ends with the archive; so the same bytes in a comment are not taken for it.
    if (fields.u32(at) !== END || at + END_BYTES + fields.u16(at + 20) !== fields.length) continue
    const entries = fields.u16(at + 10)
    const start = fields.u32(at + 16)
    const isLarge = entries === 0xffff || start === IN_EXTRA_FIELD || fields.u32(at + 12) === IN_EXTRA_FIELD
    return isLarge ? findZip64End(fields, at, tailStart) : { start, entries }
  }
  return undefined
}

function findZip64End(fields: Fields, end: number, tailStart: number): DirectoryEnd | undefined {
  const locator = end - ZIP64_LOCATOR_BYTES
  if (locator < 0 || fields.u32(locator) !== ZIP64_LOCATOR) return undefined
  const at = fields.u64(locator + 8) - tailStart
  if (at < 0 || at + 56 > fields.length || fields.u32(at) !== ZIP64_END) return undefined
  return { start: fields.u64(at + 48), entries: fields.u64(at + 32) }
}

function readEntry(fields: Fields, at: number, nameBytes: number, extraBytes: number): ListedEntry {
  const large = readZip64(fields.part(at + ENTRY_BYTES + nameBytes, extraBytes))[Symbol.iterator]()
  const [unpackedBytes = 0, packedBytes = 0, headerStart = 0] = [
    fields.u32(at + 24),
    fields.u32(at + 20),
    fields.u32(at + 42),
  ].map((size) => (size === IN_EXTRA_FIELD ? (large.next().value ?? size) : size))
  return {
    name: fields.text(at + ENTRY_BYTES, nameBytes),
    method: fields.u16(at + 10),
    isEncrypted: (fields.u16(at + 8) & 0x0001) !== 0,
    packedBytes,
    unpackedBytes,
    headerStart,
  }
}
