import path from 'node:path'
import { HeadObjectCommand, NotFound, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'

/** Bytes of a file that are an object in the bucket. */
export interface Piece {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Hexadecimal. */
  readonly md5: string
}

/** What is in the bucket of a file in the folder: an object with its first lines, and one for the lines of each time that it grew. */
export interface UploadedFile {
  /** Version of the first object. */
  readonly versionId: string
  readonly pieces: readonly Piece[]
  readonly end: number
  /** Size and time of the file when its last piece was uploaded. */
  readonly size: string | undefined
  readonly mtime: string | undefined
}

/** Metadata of an object that was uploaded from the folder. */
export interface PieceMetadata extends Record<string, string> {
  readonly size: string
  readonly mtime: string
}

/** Metadata of an object that holds appended lines. */
export interface AppendedMetadata extends PieceMetadata {
  /** Version of the object with the first lines. */
  readonly of: string
  /** Position of its first byte in the file. */
  readonly start: string
}

/** The key of an object with the lines that were appended to a file of `end` bytes. It keeps the suffix: `a.jsonl` → `a.from-byte-1200.jsonl`. */
export function appendedKey(key: string, end: number): string {
  const { dir, name, ext } = path.posix.parse(key)
  return `${dir}/${name}.from-byte-${end}${ext}`
}

/** The bucket itself holds this knowledge, so it survives a restart and cannot disagree with the bucket. */
export async function findUploaded(s3: S3Client, bucket: string, key: string): Promise<UploadedFile | undefined> {
  let last = await head(s3, bucket, key)
  if (last === undefined) return undefined
  const versionId = last.VersionId ?? 'null'
  const pieces: Piece[] = [pieceOf(last, 0)]
  for (;;) {
    const { end = 0 } = pieces.at(-1) ?? {}
    const next = await head(s3, bucket, appendedKey(key, end))
    // Lines that were appended to an earlier file of this name do not count.
    if (next?.Metadata?.of !== versionId)
      return { versionId, pieces, end, size: last.Metadata?.size, mtime: last.Metadata?.mtime }
    pieces.push(pieceOf(next, Number(next.Metadata.start)))
    last = next
  }
}

function pieceOf({ ETag = '', ContentLength = 0 }: HeadObjectCommandOutput, start: number): Piece {
  return { start, end: start + ContentLength, md5: ETag.replaceAll('"', '') }
}

async function head(s3: S3Client, Bucket: string, Key: string): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await s3.send(new HeadObjectCommand({ Bucket, Key }))
  } catch (error) {
    if (error instanceof NotFound) return undefined
    throw error
  }
}
