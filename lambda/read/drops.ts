import type { Readable } from 'node:stream'
import type { Drop } from '../intake/source-file.ts'

/** An object that is being read. */
export interface OpenDrop {
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
export interface ListedDrop {
  readonly drop: Drop
  readonly lastModified: Date
  /** Whether no other version took its place. */
  readonly isLatest: boolean
}

/** What lies in the bucket where people put drops. */
export interface Listing {
  /** Every version of every object, a page at a time. @throws SetupError where the function may not list them */
  pages(): AsyncIterable<readonly ListedDrop[]>
}

/** The bucket, seen from the reader. */
export interface Drops {
  /**
   * Opens exactly the object that the drop names: by its version, else by its ETag.
   *
   * @throws SetupError where the function may not read it
   */
  open(drop: Drop, range?: ByteRange): Promise<OpenDrop | { readonly kind: Absence }>
}
