import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { SetupError } from '../../lambda/errors.ts'
import { archivedText, readArchived, type ArchivedDeadLetter } from '../../lambda/archive/archived.ts'
import { ARCHIVED_PREFIX } from '../../lambda/keys.ts'
import { listObjects } from '../deployment/list-objects.ts'

/** Files that are read side by side: each letter that was set aside has one of its own. */
const FILES_AT_ONCE = 16
/** Somebody else takes letters out of the same file: then it is read anew. */
const MOST_TRIES = 5

/** Amazon S3, "Conditional writes": another write came first, comes at the same time, or has removed the file. */
const OVERTAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** What lies under `archived/`. */
export class ArchivedFiles {
  readonly #s3: S3Client
  readonly #bucket: string

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3
    this.#bucket = bucket
  }

  /** @throws SetupError where a file there is none of ours */
  async each(keep: (deadLetter: ArchivedDeadLetter, file: string) => void, signal: AbortSignal): Promise<void> {
    const files = listObjects(this.#s3, this.#bucket, ARCHIVED_PREFIX)
    const worker = async (): Promise<void> => {
      for (;;) {
        const next = await files.next()
        if (next.done === true || signal.aborted) return
        const { key } = next.value
        const { deadLetters } = (await this.#read(key)) ?? { deadLetters: [] }
        for (const deadLetter of deadLetters) keep(deadLetter, key)
      }
    }
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker))
  }

  /** Takes letters out of a file, and removes the file where none is left. */
  async remove(file: string, ids: ReadonlySet<string>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const found = await this.#read(file)
      if (found === undefined) return
      const left = found.deadLetters.filter(({ id }) => !ids.has(id))
      try {
        await this.#replace(file, left, found.etag)
        return
      } catch (error) {
        if (tries === MOST_TRIES || !OVERTAKEN.has(nameOf(error))) throw error
      }
    }
  }

  async #replace(file: string, deadLetters: readonly ArchivedDeadLetter[], etag: string): Promise<void> {
    const where = { Bucket: this.#bucket, Key: file, IfMatch: etag }
    if (deadLetters.length === 0) await this.#s3.send(new DeleteObjectCommand(where))
    else
      await this.#s3.send(
        new PutObjectCommand({ ...where, Body: archivedText(deadLetters), ContentType: 'application/x-ndjson' }),
      )
  }

  async #read(file: string): Promise<{ readonly deadLetters: readonly ArchivedDeadLetter[]; readonly etag: string } | undefined> {
    try {
      const { Body, ETag = '' } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: file }))
      return { deadLetters: this.#understood(file, (await Body?.transformToString()) ?? ''), etag: ETag }
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined
      throw error
    }
  }

  #understood(file: string, text: string): readonly ArchivedDeadLetter[] {
    try {
      return readArchived(text)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SetupError(`${file} in the bucket holds what this program did not put there: ${why}. Move that file elsewhere.`, {
        cause,
      })
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
