/** A file to import: one version of an object in the bucket, not what may be under its key later. */
export interface SourceFile {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  /** As in an S3 event: without quotes. */
  readonly etag?: string
  /** Size according to the event. The size of the opened object counts. */
  readonly bytes?: number
}
