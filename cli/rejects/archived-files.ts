import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { SetupError } from '../../lambda/errors.ts'
import { archivedText, readArchived, type ArchivedDeadLetter } from '../../lambda/archive/archived.ts'
import { ARCHIVED_PREFIX } from '../../lambda/keys.ts'
import { listObjects } from '../deployment/list-objects.ts'

/** Files that are read at the same time. Each quarantined dead letter is a file of its own. */
const CONCURRENCY = 16
/** Attempts to rewrite a file that other processes change at the same time. */
const MAX_ATTEMPTS = 5

/** S3 errors if another process wrote first, writes at the same time, or has deleted the file. Amazon S3, "Conditional writes". */
const CONFLICTS = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** The files of dead letters under `archived/`. */
export class ArchivedFiles {
  readonly #s3: S3Client
  readonly #bucket: string

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3
    this.#bucket = bucket
  }

  /**
   * Calls `visit` for every archived dead letter, in no particular order.
   *
   * @throws SetupError if a file there is not one of archived dead letters
   */
  async readAll(visit: (deadLetter: ArchivedDeadLetter, file: string) => void, signal: AbortSignal): Promise<void> {
    const files = listObjects(this.#s3, this.#bucket, ARCHIVED_PREFIX)
    const worker = async (): Promise<void> => {
      for (;;) {
        const next = await files.next()
        if (next.done === true || signal.aborted) return
        const { key } = next.value
        const { deadLetters } = (await this.#read(key)) ?? { deadLetters: [] }
        for (const deadLetter of deadLetters) visit(deadLetter, key)
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  }

  /** Removes dead letters from a file, and deletes the file when it is empty. */
  async remove(file: string, ids: ReadonlySet<string>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#read(file)
      if (found === undefined) return
      const remaining = found.deadLetters.filter(({ id }) => !ids.has(id))
      try {
        await this.#replace(file, remaining, found.etag)
        return
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !CONFLICTS.has(nameOf(error))) throw error
      }
    }
  }

  async #replace(file: string, deadLetters: readonly ArchivedDeadLetter[], etag: string): Promise<void> {
    const object = { Bucket: this.#bucket, Key: file, IfMatch: etag }
    if (deadLetters.length === 0) await this.#s3.send(new DeleteObjectCommand(object))
    else
      await this.#s3.send(
        new PutObjectCommand({ ...object, Body: archivedText(deadLetters), ContentType: 'application/x-ndjson' }),
      )
  }

  async #read(file: string): Promise<{ readonly deadLetters: readonly ArchivedDeadLetter[]; readonly etag: string } | undefined> {
    try {
      const { Body, ETag = '' } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: file }))
      return { deadLetters: this.#parse(file, (await Body?.transformToString()) ?? ''), etag: ETag }
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined
      throw error
    }
  }

  #parse(file: string, text: string): readonly ArchivedDeadLetter[] {
    try {
      return readArchived(text)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SetupError(
        `${file} in the bucket is not a file of archived dead letters (${why}). Move it out of ${ARCHIVED_PREFIX}, then run the command again.`,
        { cause },
      )
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
