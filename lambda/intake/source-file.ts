/** An object that a user put into the bucket: this very one, not what may lie under its key later. */
export interface SourceFile {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  /** As S3 gives it in an event: without the quotes. */
  readonly etag?: string
  /** From the event; what was read in the end is what counts. */
  readonly bytes?: number
}
