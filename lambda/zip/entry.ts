import type { Fields } from './fields.ts'

export const STORED = 0
export const DEFLATED = 8

/** A file in a zip archive, as one of its headers describes it. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly isEncrypted: boolean
  readonly packedBytes: number
  readonly unpackedBytes: number
}

/** A size that has no room in 32 bits, and is in an extra field. */
export const IN_EXTRA_FIELD = 0xffff_ffff
const ZIP64_FIELD = 0x0001

/** @returns the 64-bit numbers that stand for those that have no room; none if there are none @see PKWARE, APPNOTE.TXT 4.5.3 */
export function readZip64(extra: Fields): readonly number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.u16(at + 2)) {
    if (extra.u16(at) !== ZIP64_FIELD) continue
    const length = Math.min(extra.u16(at + 2), extra.length - at - 4)
    return Array.from({ length: Math.floor(length / 8) }, (_, index) => extra.u64(at + 4 + index * 8))
  }
  return []
}

/** Whether an entry is a folder, or what macOS adds to an archive. It is not a file to import. */
export function isIgnoredEntry({ name }: Pick<ZipEntry, 'name'>): boolean {
  return name.endsWith('/') || name.startsWith('__MACOSX/') || /(?:^|\/)\.DS_Store$/.test(name)
}

/** Why a file in an archive cannot be read, and what to do. */
export function findEntryFault({ isEncrypted, method }: Pick<ZipEntry, 'isEncrypted' | 'method'>): string | undefined {
  if (isEncrypted) return 'an encrypted zip archive; unpack it with its password, and import the file in it'
  if (method === STORED || method === DEFLATED) return undefined
  return `a zip archive with the compression ${METHODS.get(method) ?? `number ${method}`}; write it again with the usual one, deflate`
}

/** @see PKWARE, APPNOTE.TXT 4.4.5 */
const METHODS: ReadonlyMap<number, string> = new Map([
  [9, 'Deflate64'],
  [12, 'bzip2'],
  [14, 'LZMA'],
  [93, 'zstd'],
  [95, 'xz'],
  [98, 'PPMd'],
])

/** Why an archive with this number of files is not imported, and what to do. */
export function findCountFault(files: number): string | undefined {
  if (files === 0) return 'a zip archive without a file'
  return files === 1 ? undefined : `a zip archive with ${files} files; unpack it, and import each file`
}
