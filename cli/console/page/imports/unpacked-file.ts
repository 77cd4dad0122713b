import { isBrotliName, PACKING_HEAD_BYTES, packingByContent, type Packing } from '../../../../lambda/common/packing.ts'
import { reject, type Rejection } from '../../../../lambda/reasons.ts'
import { DIRECTORY_BYTES, findArchiveFault, readDirectory } from '../../../../lambda/zip/directory.ts'
import { DEFLATED } from '../../../../lambda/zip/entry.ts'
import { LOCAL_HEADER_BYTES, variableBytes } from '../../../../lambda/zip/local-header.ts'

export type UnpackedFile =
  | {
      readonly kind: 'open'
      readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
      /** It was not compressed: the stream is the file itself. */
      readonly isPlain: boolean
    }
  /** The file would be rejected. */
  | { readonly kind: 'refused'; readonly refusal: Rejection }
  /** It is damaged. */
  | { readonly kind: 'unreadable' }
  /** Browsers cannot decompress it; the importer can. */
  | { readonly kind: 'unchecked' }

/**
 * The content of a file. Like the importer, it recognizes compression by the first bytes, whatever the file is called. Browsers decompress
 * only the first member of a gzip file with several members (the importer all), so such a file is read up to the end of its first member.
 *
 * @param onRead called with the number of bytes that were read of the file
 */
export async function openUnpacked(file: Blob, name: string, onRead: (bytes: number) => void): Promise<UnpackedFile> {
  const packing = packingOf(await bytesOf(file, 0, PACKING_HEAD_BYTES), name)
  switch (packing) {
    case undefined:
      return { kind: 'open', stream: counted(file, onRead), isPlain: true }
    case 'gzip':
      return { kind: 'open', stream: counted(file, onRead).pipeThrough(new DecompressionStream('gzip')), isPlain: false }
    case 'zip':
      return openZip(file, onRead)
    case 'zstd':
    case 'brotli':
      return { kind: 'unchecked' }
  }
}

function packingOf(head: Uint8Array, name: string): Packing | undefined {
  return packingByContent(head) ?? (isBrotliName(name) ? 'brotli' : undefined)
}

async function openZip(file: Blob, onRead: (bytes: number) => void): Promise<UnpackedFile> {
  const directory = readDirectory(await bytesOf(file, Math.max(0, file.size - DIRECTORY_BYTES), file.size), file.size)
  const fault = findArchiveFault(directory)
  if (fault !== undefined) return { kind: 'refused', refusal: reject('unsupported_format', fault) }
  const [entry] = directory.kind === 'listed' ? directory.files : []
  if (entry === undefined) return { kind: 'unreadable' }
  const header = await bytesOf(file, entry.headerStart, entry.headerStart + LOCAL_HEADER_BYTES)
  if (header.length < LOCAL_HEADER_BYTES) return { kind: 'unreadable' }
  const start = entry.headerStart + LOCAL_HEADER_BYTES + variableBytes(header)
  const stream = counted(file.slice(start, start + entry.packedBytes), onRead)
  return {
    kind: 'open',
    isPlain: false,
    stream: entry.method === DEFLATED ? stream.pipeThrough(new DecompressionStream('deflate-raw')) : stream,
  }
}

async function bytesOf(file: Blob, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, end).arrayBuffer())
}

function counted(file: Blob, onRead: (bytes: number) => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  return file.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        onRead(chunk.length)
        controller.enqueue(chunk)
      },
    }),
  )
}
