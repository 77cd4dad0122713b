import { isUtf8 } from 'node:buffer'
import { brotliDecompressSync, constants, type BrotliDecompress } from 'node:zlib'
import { codeOf } from '../../errors.ts'
import { isBrotliName, PACKING_HEAD_BYTES, packingByContent, type Packing } from '../../common/packing.ts'

/** What a trial of brotli looks at. */
const BROTLI_HEAD_BYTES = 4_096
const MAX_TRIAL_BYTES = 65_536
const MAX_CHARACTER_BYTES = 4

/** How many of the first bytes show how a file is compressed. */
export function packingHeadBytes(name: string): number {
  return isBrotliName(name) ? BROTLI_HEAD_BYTES : PACKING_HEAD_BYTES
}

/**
 * How a file is compressed. Its content decides. Only brotli has no signature: a file is brotli if its name ends with `.br`, and its first
 * bytes can be decompressed, or are not text either.
 *
 * @param head the first bytes of the file: at least `packingHeadBytes`, or all there are
 */
export function packingOf(head: Buffer, name: string): Packing | undefined {
  const known = packingByContent(head)
  if (!isBrotliName(name)) return known
  const start = head.subarray(0, BROTLI_HEAD_BYTES)
  if (start.length > 0 && canBeBrotli(start)) return 'brotli'
  return known ?? (isText(start) ? undefined : 'brotli')
}

function canBeBrotli(start: Buffer): boolean {
  try {
    const { buffer, engine } = brotliDecompressSync(start, {
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: MAX_TRIAL_BYTES,
      info: true,
    }) as unknown as { readonly buffer: Buffer; readonly engine: BrotliDecompress }
    // Some texts begin with what is a brotli file without content, or with what may become one.
    return engine.bytesWritten === start.length && (buffer.length > 0 || isWholeBrotli(start))
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE'
  }
}

function isWholeBrotli(file: Buffer): boolean {
  try {
    brotliDecompressSync(file, { maxOutputLength: MAX_TRIAL_BYTES })
    return true
  } catch {
    return false
  }
}

/** A character can be cut off at the end. */
function isText(start: Buffer): boolean {
  return Array.from({ length: MAX_CHARACTER_BYTES }, (_, cut) => start.subarray(0, start.length - cut)).some((part) =>
    isUtf8(part),
  )
}
