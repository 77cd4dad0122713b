import { peek } from './peek.ts'
import { findZipFault, type ReadEnd } from './zip-fault.ts'
import { packingHeadBytes, packingOf } from './unpack/packing-of.ts'
import { unpack } from './unpack/unpack.ts'

export interface UnpackOptions {
  /** The name of the file. Brotli cannot be recognised by its content alone. */
  readonly name?: string | undefined
  /** Reads the end of the file, where an archive lists its files. */
  readonly readEnd?: ReadEnd | undefined
}

/** The content of a file. */
export interface Unpacked {
  readonly all: AsyncIterable<Buffer>
  /** Why nothing of it can be read, if that is known before its first byte. */
  readonly fault?: string | undefined
}

/** Decompresses a file, if it is compressed. @param file from its first byte */
export async function openUnpacked(file: AsyncIterable<Buffer>, { name = '', readEnd }: UnpackOptions): Promise<Unpacked> {
  const { head, all } = await peek(file, ({ length }) => length >= packingHeadBytes(name))
  const packing = packingOf(head, name)
  if (packing === undefined) return { all }
  const fault = packing === 'zip' && readEnd !== undefined ? await findZipFault(readEnd) : undefined
  return { all: unpack(all, packing), fault }
}
