import type { Readable } from 'node:stream'
import type { Drop } from '../intake/drop.ts'

/** An object that is being read. */
export interface OpenDrop {
  readonly kind: 'open'
  readonly body: Readable
  /** As S3 says it; fewer read bytes mean that the body broke off. */
  readonly bytes: number
  readonly lastModified: Date
}

/** The bucket, seen from the reader. */
export interface Drops {
  /**
   * Opens exactly the object that the drop names: by its version, else by its ETag.
   *
   * @returns `gone` where it was deleted, `superseded` where another object took its place, `locked` where S3 does not hand it
   * out as it is (archived to Glacier)
   * @throws SetupError where the function may not read it
   */
  open(drop: Drop): Promise<OpenDrop | { readonly kind: 'gone' | 'superseded' | 'locked' }>
}
