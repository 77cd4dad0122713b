import type { Readable } from 'node:stream'
import type { FileAnswer } from './answers/file-answer.ts'
import type { Answer } from './deliver/classify.ts'
import type { Events } from './events.ts'
import type { SourceFile } from './intake/source-file.ts'
import type { Request } from './parse/request.ts'
import type { ReadEnd } from './read/zip-fault.ts'
import type { Report } from './report/report.ts'
import type { Place } from './settings/places.ts'
import type { Limits } from './settings/settings.ts'
import type { Envelope } from './settle/batching.ts'

/**
 * Every interface to the outside. `app.ts` builds the real ones from `adapters/`; local mode, `km-import send` and tests build others.
 *
 * An adapter translates and decides nothing. Unless a member says otherwise, it rejects with the error of S3 or SQS, or with
 * SetupError if access is denied.
 */
export interface Ports {
  readonly files: SourceFiles
  readonly tags: ObjectTags
  readonly listing: Listing
  readonly reports: Reports
  readonly checkpoints: Checkpoints
  readonly documents: Documents
  readonly deadLetters: DeadLetterQueue
  /** The same queue, for jobs that read it. */
  readonly deadLetterReader: DeadLetterReader
  readonly archived: DeadLetterArchive
  /** The bucket of the importer. Its reports, checkpoints and archived dead letters are there, wherever a file comes from. */
  readonly bucket: string
  readonly importQueue: ImportQueue
  /** Where answers about files are asked for: the import queue, if they are pushed anywhere. */
  readonly answerQueue?: ImportQueue | undefined
  /** Where they are pushed. */
  readonly answers?: Answers | undefined
  readonly endpoint: Endpoint
  /** @throws SetupError if there is no key */
  readonly apiKey: () => Promise<string>
  readonly clock: Clock
  /** Returns a unique run id. */
  readonly newRun: () => string
  readonly events: Events
  readonly limits: Limits
  /** Nobody gives orders from outside: a `km-import send` is stopped where it runs. */
  readonly isUnsupervised?: true
}

/** Time and chance, as parameters, so that a test can repeat a run. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after `ms`, or immediately when the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** A random number from 0 (inclusive) to 1 (exclusive). */
  chance(): number
}

/** What AWS Lambda passes to the function with each event. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number
  readonly awsRequestId?: string
  /** Aborted to stop an invocation before its time is up. AWS Lambda never does; local mode does on Ctrl-C. */
  readonly stopping?: AbortSignal
}

/** The invocation that a job runs in. */
export interface Invocation {
  /** The SQS message that brought the work; undefined for a bare S3 event. */
  readonly messageId: string | undefined
  /** How often SQS has delivered the message, this delivery included. */
  readonly deliveries: number
  /** Aborted when the job has to stop; the reason is OutOfTime or InterruptedError. */
  readonly ending: AbortSignal
  /** Asks SQS whether the message is still hidden for this invocation. True if there is no message, or no answer. */
  readonly holdsMessage: () => Promise<boolean>
}

/** Why an object cannot be read: it was deleted, it was replaced, or it is in an archive storage class. */
export type Absence = 'gone' | 'superseded' | 'locked'

export interface ByteRange {
  readonly start: number
  /** Exclusive. Left out: the end of the object. */
  readonly end?: number
}

/** An object that is being read. */
export interface OpenFile {
  readonly kind: 'open'
  /** Exactly the requested bytes. */
  readonly body: Readable
  /** Size of the whole object, from S3. */
  readonly bytes: number
  readonly etag: string
  readonly lastModified: Date
  /** Unique id of the replay that uploaded the file, if it was one. */
  readonly replay?: string
  /** How it is called. */
  readonly name?: string
  /** Reads the last bytes of the object: as many as asked for, or all. */
  readonly readEnd?: ReadEnd
}

/** S3: the files to import. */
export interface SourceFiles {
  /** Opens exactly the object that `file` names, by version id or else by ETag. */
  open(file: SourceFile, range?: ByteRange): Promise<OpenFile | { readonly kind: Absence }>
}

/** S3: the tags of the files to import. */
export interface ObjectTags {
  /** @returns undefined if the object was deleted, or replaced in a bucket without versions */
  find(file: SourceFile): Promise<ReadonlyMap<string, string> | undefined>
}

/** A file as an S3 listing shows it. */
export interface ListedFile {
  readonly file: SourceFile
  readonly lastModified: Date
  /** False for a version that was replaced. */
  readonly isLatest: boolean
}

export interface ListedReport {
  readonly key: string
  readonly writtenAt: Date
}

/** A place in a listing: right after this version of this object. */
export interface ListPosition {
  readonly key: string
  /** "null" for an object that is older than the bucket's versioning. */
  readonly versionId: string
  /** Absent in a message of an older version: the bucket of the importer. */
  readonly bucket?: string
}

/** S3: what is in the places that files are uploaded to, and which reports there are. */
export interface Listing {
  /** Every version of every object, page by page, place by place, in the order of their keys. @param after where to begin; undefined for the start @param under lists this place only */
  pages(after?: ListPosition, under?: Place): AsyncIterable<readonly ListedFile[]>
  /** The places that are listed. It changes when one is added or removed. */
  readonly scope: string
  /** The reports, page by page, in the order of their keys. @param first key to begin with */
  reportsFrom(first: string): AsyncIterable<readonly ListedReport[]>
}

export interface FoundReport {
  readonly report: Report
  /** The ETag; it changes with every write. */
  readonly tag: string
  readonly writtenAt: Date
}

/** S3: the reports. */
export interface Reports {
  /** @throws NewerVersionError if a newer version of the importer has written it */
  find(bucket: string, key: string): Promise<FoundReport | undefined>
  /**
   * Writes only if the stored report is the expected one.
   *
   * @param tag ETag of the report to replace; undefined if there must be none
   * @returns the new tag, or undefined if another process has written in the meantime
   */
  replace(bucket: string, key: string, report: Report, tag: string | undefined): Promise<string | undefined>
}

/** Who works on something, and until when. */
export interface LeaseHolder {
  /** Unique id of the run. */
  readonly run: string
  /** The SQS message that the run works on; absent for a bare S3 event. */
  readonly messageId?: string
  /** Number of this write, so that a run can recognise its own. */
  readonly serial: number
  /** Milliseconds since 1970; 0 once the run has released the lease. */
  readonly until: number
}

/** Where a checkpoint is stored. */
export interface DocumentKey {
  readonly bucket: string
  readonly key: string
}

export type Leased<State> = State & { readonly leaseHolder: LeaseHolder }

/** S3: small JSON documents that are replaced with conditional writes only. */
export interface Checkpoints {
  /** `tag` is the ETag; it changes with every write. */
  find(key: DocumentKey): Promise<{ readonly value: unknown; readonly tag: string } | undefined>
  /**
   * @param expected tag of the document to replace; undefined if there must be none
   * @returns the new tag, or undefined if another process has written in the meantime
   */
  put(key: DocumentKey, value: object, expected: string | undefined): Promise<string | undefined>
}

/** S3: small JSON documents that nobody leases: several writers change them, one after the other. */
export interface Documents {
  find(key: DocumentKey): Promise<{ readonly value: unknown; readonly tag: string } | undefined>
  /** As for checkpoints. */
  put(key: DocumentKey, value: object, expected: string | undefined): Promise<string | undefined>
}

/** SQS: the queue that work comes from, and is requeued to. */
export interface ImportQueue {
  /** @param delaySeconds from 0 to 900 */
  send(body: string, delaySeconds: number): Promise<void>
}

/** Where answers about files are pushed, and what they name for people. */
export interface Answers {
  readonly channels: readonly AnswerChannel[]
  /** An address with `{bucket}`, `{key}` and `{report}`, if people continue in a browser. */
  readonly link?: string | undefined
  /** The options that make a command find this importer, with a space before each. */
  readonly commandOptions: string
}

/** What became of a push. */
export type PushResult =
  | { readonly kind: 'accepted' }
  /** The receiver will never accept this answer. */
  | { readonly kind: 'refused'; readonly code: string }
  /** Only a person can fix it: a permission, a topic, an address. It is tried again for as long as another failure. */
  | { readonly kind: 'setup'; readonly code: string; readonly detail: string }
  | { readonly kind: 'failed'; readonly code: string }

/** An SNS topic or a webhook. Never rejects: a failure is a result. */
export interface AnswerChannel {
  readonly name: 'topic' | 'webhook'
  push(answer: FileAnswer): Promise<PushResult>
}

/** One entry that SQS refused while it accepted the rest of the batch. */
export interface RefusedEntry {
  readonly index: number
  readonly code: string
  /** SQS will never accept this entry as it is. */
  readonly isSenderFault: boolean
}

/** SQS: the dead-letter queue, as the importer writes to it. Rejects if SQS refuses the whole batch. */
export interface DeadLetterQueue {
  sendBatch(batch: readonly Envelope[]): Promise<readonly RefusedEntry[]>
}

/** A message in the dead-letter queue. */
export interface QueuedDeadLetter {
  /** The message id. */
  readonly id: string
  readonly body: string
  /** When it was first sent. A message that SQS moved here keeps the date of its original queue. */
  readonly sentAt: Date
  /** The receipt handle, needed to release or remove the message. */
  readonly receipt: string
}

/** SQS: the dead-letter queue, as jobs and commands read it. */
export interface DeadLetterReader {
  /**
   * Receives up to ten messages and hides them from other consumers for `hiddenSeconds`.
   *
   * @param polling `long` (the default) asks all servers of the queue, and waits for a second if it is empty; `short` asks some, and does
   *   not wait, so it can miss messages
   */
  take(hiddenSeconds: number, polling?: 'long' | 'short'): Promise<readonly QueuedDeadLetter[]>
  /** Hides up to ten messages for `hiddenSeconds` from now on. @returns those for which SQS has accepted this */
  keepHidden<T extends Pick<QueuedDeadLetter, 'receipt'>>(deadLetters: readonly T[], hiddenSeconds: number): Promise<readonly T[]>
  /** Makes up to ten messages visible again. If that fails, they become visible when their timeout ends. */
  putBack(deadLetters: readonly Pick<QueuedDeadLetter, 'receipt'>[]): Promise<void>
  /** Deletes up to ten messages. @throws Error if any of them could not be deleted */
  remove(deadLetters: readonly Pick<QueuedDeadLetter, 'receipt'>[]): Promise<void>
}

/** S3: archived dead letters. */
export interface DeadLetterArchive {
  put(bucket: string, key: string, text: string): Promise<void>
}

/** The Kissmetrics tracking endpoint. */
export interface Endpoint {
  /** Its address, for messages. */
  readonly origin: string
  /**
   * Sends a request.
   *
   * @param onAnswer called once, after `send` has returned: a network failure is an answer too. It is a function and not a promise, because the
   *   next request can begin in it, on the same connection, before the adapter has made that ready for idling. It must not throw.
   */
  send(request: Request, onAnswer: (answer: Answer) => void): void
}
