/** What the processes of a run tell each other. */
export interface CloudReady {
  readonly kind: 'ready'
  readonly s3Url: string
  readonly sqsUrl: string
  readonly importQueueUrl: string
  readonly importQueueArn: string
  readonly deadLetterQueueUrl: string
}

export type FromSink =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'taken'; readonly count: number }
  | { readonly kind: 'flushed' }

export type FromImporter =
  | { readonly kind: 'ready' }
  /** Told before an invocation begins and after it has ended, so that whoever was killed had told. */
  | { readonly kind: 'running'; readonly count: number }
  | { readonly kind: 'handed-on' }

export type ToCloud = { readonly kind: 'pass'; readonly ms: number }
export type ToImporter = ToCloud
export type ToSink = { readonly kind: 'flush' }
