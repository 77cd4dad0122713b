import { isWorkbook } from '../parse/workbook.ts'

/** The compressions that are unpacked. */
export type Packing = 'gzip' | 'zip' | 'zstd' | 'brotli'

/** The first bytes that `packingByContent` needs: in a zip archive, they contain the name of the first file. */
export const PACKING_HEAD_BYTES = 64

/**
 * How a file is compressed, by its first bytes and not by its name: a `.gz` file may be plain text, and any other name may be gzip.
 *
 * Brotli has no signature; `isBrotliName` says which files may be that. Runs in a browser too.
 */
export function packingByContent(head: Uint8Array): Exclude<Packing, 'brotli'> | undefined {
  if (begins(head, [0x1f, 0x8b])) return 'gzip'
  if (begins(head, [0x50, 0x4b, 0x03, 0x04])) return isWorkbook(head) ? undefined : 'zip'
  if (begins(head, [0x28, 0xb5, 0x2f, 0xfd]) || isSkippableFrame(head)) return 'zstd'
  return undefined
}

/** Whether a file with this name is brotli, unless its content says something else. */
export function isBrotliName(name: string): boolean {
  return /\.br$/i.test(name)
}

/** A part of a zstd file that decompressors skip: for example its index. */
function isSkippableFrame(head: Uint8Array): boolean {
  return ((head[0] ?? 0) & 0xf0) === 0x50 && begins(head.subarray(1), [0x2a, 0x4d, 0x18])
}

function begins(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[index] === byte)
}
