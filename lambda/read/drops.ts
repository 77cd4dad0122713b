import type { Readable } from 'node:stream'
import type { SourceFile } from '../intake/source-file.ts'

/** An object that is being read. */
export interface OpenFile {
  readonly kind: 'open'
  /** Exactly the bytes that were asked for. */
  readonly body: Readable
  /** Of the whole object, as S3 says it. */
  readonly bytes: number
  readonly etag: string
  readonly lastModified: Date
}

/** Why an object cannot be read: deleted, replaced by another, or archived to where S3 does not hand it out. */
export type Absence = 'gone' | 'superseded' | 'locked'

export interface ByteRange {
  readonly start: number
  /** Exclusive; the end of the object where left out. */
  readonly end?: number
}

/** A drop as a listing of the bucket shows it. */
export interface ListedFile {
  readonly file: SourceFile
  readonly lastModified: Date
  /** Whether no other version took its place. */
  readonly isLatest: boolean
}

/** What lies in the bucket where people put drops. */
export interface Listing {
  /** Every version of every object, a page at a time. @throws SetupError where the function may not list them */
  pages(): AsyncIterable<readonly ListedFile[]>
}

/** The bucket, seen from the reader. */
export interface SourceFiles {
  /**
   * Opens exactly the object that the drop names: by its version, else by its ETag.
   *
   * @throws SetupError where the function may not read it
   */
  open(file: SourceFile, range?: ByteRange): Promise<OpenFile | { readonly kind: Absence }>
}
