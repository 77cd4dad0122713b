import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { NewerVersionError, SetupError } from '../../lambda/errors.ts'
import {
  archivedText,
  readArchived,
  readArchivedLine,
  type ArchivedDeadLetter,
  type Claim,
} from '../../lambda/archive/archived.ts'
import { ARCHIVED_PREFIX, DISCARDED_PREFIX } from '../../lambda/keys.ts'
import { openLines } from '../../lambda/read/lines.ts'
import { listObjects } from '../deployment/list-objects.ts'
import { printable } from '../terminal/output.ts'
import { claimOutcome, withClaim, withoutClaim, type ClaimOutcome } from './claims.ts'
import { isUploaded } from './replay-records.ts'

/** Files that are read at the same time. Each quarantined dead letter is a file of its own. */
const CONCURRENCY = 16
/** Attempts to rewrite a file that other processes change at the same time. */
const MAX_ATTEMPTS = 5
/** An SQS message has at most 1 MiB, and JSON writes a character in at most six bytes. */
const MAX_LINE_BYTES = 8 * 1_048_576

/** S3 errors if another process wrote first, writes at the same time, or has deleted the file. Amazon S3, "Conditional writes". */
const CONFLICTS = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'])

/** An archived dead letter that only a newer version of the importer can read. Its file is never written again by this version. */
export interface NewerLine {
  /** Unique, and not the id of its message. */
  readonly id: string
  readonly writtenAt: Date
}

/** The files of dead letters under `archived/`. */
export class ArchivedFiles {
  readonly #s3: S3Client
  readonly #bucket: string

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3
    this.#bucket = bucket
  }

  /**
   * Calls `visit` for every archived dead letter, in no particular order. A file is read line by line, because it can be several MB long.
   *
   * @param onNewer called for each that only a newer version of the importer can read
   * @throws SetupError if a file there is not one of archived dead letters
   */
  async readAll(
    visit: (deadLetter: ArchivedDeadLetter, file: string) => void,
    signal: AbortSignal,
    onNewer: (line: NewerLine) => void = () => undefined,
  ): Promise<void> {
    const files = listObjects(this.#s3, this.#bucket, ARCHIVED_PREFIX)
    const worker = async (): Promise<void> => {
      for (;;) {
        const next = await files.next()
        if (next.done === true || signal.aborted) return
        const { key } = next.value
        if (key.startsWith(DISCARDED_PREFIX)) continue
        for await (const found of this.#stream(key)) {
          if ('schema' in found) visit(found, key)
          else onNewer(found)
        }
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  }

  /** Removes dead letters from a file, and deletes the file when it is empty. */
  async remove(file: string, ids: ReadonlySet<string>): Promise<void> {
    await this.#update(file, (deadLetters) => Promise.resolve(deadLetters.filter(({ id }) => !ids.has(id))))
  }

  /**
   * Claims dead letters of a file for a replay, with a conditional write: of several replays at the same time, one gets each dead letter.
   *
   * @returns the outcome for each id; one that is no longer in the file is `taken`
   */
  async claim(file: string, ids: ReadonlySet<string>, claim: Claim): Promise<ReadonlyMap<string, ClaimOutcome>> {
    const uploads = new Map<string, boolean>()
    let outcomes = new Map<string, ClaimOutcome>()
    const isWritten = await this.#update(file, async (deadLetters) => {
      outcomes = new Map()
      for (const { id, claim: existing } of deadLetters) {
        if (!ids.has(id)) continue
        if (existing !== undefined && !uploads.has(existing.run))
          uploads.set(existing.run, await isUploaded({ s3: this.#s3, bucket: this.#bucket }, existing))
        outcomes.set(id, claimOutcome(existing, claim, uploads.get(existing?.run ?? '') === true))
      }
      return withClaim(deadLetters, outcomes, claim)
    })
    // If another process has deleted the file meanwhile, the outcomes are those of an attempt that failed.
    return new Map(Array.from(ids, (id) => [id, (isWritten ? outcomes.get(id) : undefined) ?? 'taken']))
  }

  /** Gives dead letters of a file back that a run has claimed. */
  async release(file: string, ids: ReadonlySet<string>, run: string): Promise<void> {
    const isReleased = ({ id, claim }: ArchivedDeadLetter): boolean => ids.has(id) && claim?.run === run
    await this.#update(file, (deadLetters) =>
      Promise.resolve(deadLetters.map((each) => (isReleased(each) ? withoutClaim(each) : each))),
    )
  }

  /**
   * Replaces the content of a file. If another process changes the file at the same time, its content is read again.
   *
   * @returns whether it was replaced; false if there is no such file, perhaps only since an attempt that failed
   */
  async #update(
    file: string,
    change: (deadLetters: readonly ArchivedDeadLetter[]) => Promise<readonly ArchivedDeadLetter[]>,
  ): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#read(file)
      if (found === undefined) return false
      try {
        await this.#replace(file, await change(found.deadLetters), found.etag)
        return true
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
    const { Body, ETag = '' } = (await this.#get(file)) ?? {}
    if (Body === undefined) return undefined
    const text = await Body.transformToString()
    try {
      return { deadLetters: readArchived(text), etag: ETag }
    } catch (cause) {
      throw notArchived(file, cause)
    }
  }

  async *#stream(file: string): AsyncGenerator<ArchivedDeadLetter | NewerLine> {
    const { Body, LastModified = new Date(0) } = (await this.#get(file)) ?? {}
    if (!(Body instanceof Readable)) return
    const { batches } = await openLines(Body, { maxLineBytes: MAX_LINE_BYTES })
    for await (const batch of batches) {
      for (const { text, number, fault } of batch) {
        if (text === '' && fault === undefined) continue
        let found: ArchivedDeadLetter | NewerLine
        try {
          found = readArchivedLine(text, number)
        } catch (cause) {
          if (!(cause instanceof NewerVersionError)) throw notArchived(file, cause)
          found = { id: `${file}:${number}`, writtenAt: LastModified }
        }
        yield found
      }
    }
  }

  /** @returns undefined if there is no such file */
  async #get(file: string) {
    try {
      return await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: file }))
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined
      throw error
    }
  }
}

function notArchived(file: string, cause: unknown): SetupError {
  if (cause instanceof NewerVersionError) return new NewerVersionError(printable(file))
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SetupError(
    `${printable(file)} in the bucket is not a file of archived dead letters (${why}). Move it out of ${ARCHIVED_PREFIX}, then run the command again.`,
    { cause },
  )
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
