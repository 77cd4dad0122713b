import type { Credentials } from '../../../emulators/signature.ts'

/** The messages between the processes of a run. */
export interface AwsReady {
  readonly kind: 'ready'
  readonly credentials: Credentials
  readonly s3Url: string
  readonly sqsUrl: string
  readonly importQueueUrl: string
  readonly importQueueArn: string
  readonly deadLetterQueueUrl: string
}

export type FromSink =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'accepted'; readonly count: number }
  | { readonly kind: 'flushed' }

export type FromImporter =
  | { readonly kind: 'ready' }
  /** Sent before an invocation starts and after it ends, so that the count is right even after a kill. */
  | { readonly kind: 'running'; readonly count: number }
  | { readonly kind: 'requeued' }

export type ToAws = { readonly kind: 'advance'; readonly ms: number }
export type ToImporter = ToAws
export type ToSink = { readonly kind: 'flush' }
