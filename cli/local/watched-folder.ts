import { watch, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { asError, codeOf, NewerVersionError, SetupError } from '../../lambda/errors.ts'
import { readingRules } from '../../lambda/jobs/import-rules.ts'
import { isImportName } from '../../lambda/keys.ts'
import { columnsOf } from '../../lambda/rules/columns-rule.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { isTemporary, statOf, unreadable, walk, type WalkOptions } from './folder-walk.ts'
import { FolderWatch } from './folder-watch.ts'
import { whySkipped } from './skipped-file.ts'
import { findUnsentPart, rangesOf, type UnsentPart } from './unsent-part.ts'
import { appendedKey, findUploaded, type AppendedMetadata, type PieceMetadata, type UploadedFile } from './uploaded-file.ts'

export interface WatchedFolderOptions {
  readonly folder: string
  readonly bucket: string
  /** Prefix of the uploaded objects: `incoming/`. */
  readonly prefix: string
  /** Called once for a file that is not one to import, with the reason as a sentence. */
  readonly onSkipped: (file: string, why: string) => void
  /** Called for what cannot be imported. Everything else is imported. */
  readonly onProblem: (file: string, problem: string) => void
  /** Called with what the user should know. */
  readonly onNote: (note: string) => void
  /** Called with an error that is not about one file. */
  readonly onError: (error: Error) => void
  /** Rejects if there is no room for an object of this size. Not called for small ones. */
  readonly checkRoom: (bytes: number) => Promise<void>
  /** A file must be unchanged for this long before it is uploaded, because a program may still be writing it. @default 3 s */
  readonly quietMs?: number
  /** How often new files are searched for if folders cannot be watched. @default 5 s */
  readonly pollMs?: number
  /** @default that of Node */
  readonly watch?: typeof watch
}

const QUIET_MS = 3_000
/** A last line without line end is uploaded when the file has been quiet for this many times as long. */
const FINISHED_FACTOR = 5
/** A file that has been growing for this many times as long is mentioned. */
const MENTIONED_FACTOR = 20
const UPLOADS = 4
/** Local mode checks the disk several times a second, and keeps more than this free. */
const UNCHECKED_BYTES = 16_384
/** A larger body is a stream. */
const MAX_BUFFER_BYTES = 1_048_576
const POLL_MS = 5_000

/** A file that changed a moment ago. */
interface ChangingFile {
  readonly size: number
  readonly mtimeMs: number
  /** When it was seen with this size and time. */
  readonly since: number
  /** When it was first seen. */
  readonly first: number
  readonly timer: NodeJS.Timeout
}

/** Uploads the files of a local folder to the bucket: each once, and again when it has changed. If it has grown, only the new lines. */
export class WatchedFolder {
  readonly #s3: S3Client
  readonly #options: WatchedFolderOptions
  readonly #quietMs: number
  readonly #watch: FolderWatch
  readonly #walkOptions: WalkOptions
  /** Files and folders to look at. */
  readonly #queue = new Set<string>()
  readonly #changing = new Map<string, ChangingFile>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #mentioned = new Set<string>()
  #poll: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(s3: S3Client, options: WatchedFolderOptions) {
    this.#s3 = s3
    this.#options = options
    this.#quietMs = options.quietMs ?? QUIET_MS
    this.#watch = new FolderWatch(options.watch ?? watch, {
      onChange: (file) => {
        this.#enqueue(file)
      },
      onFailure: (code) => {
        this.#startPolling(code)
      },
    })
    this.#walkOptions = {
      listed: new Map(),
      onFolder: (folder) => {
        this.#watch.add(folder)
      },
      onRepeated: (other, first) => {
        if (this.#isNew(other, first)) options.onNote(`${other} leads to the same folder as ${first}, which is imported.`)
      },
      onProblem: (file, problem) => {
        this.#report(file, problem)
      },
    }
  }

  /** Whether a file waits for its upload, or until it stops changing. */
  get isUploading(): boolean {
    return this.isBusy || this.#changing.size > 0
  }

  /** Whether files are looked at, or uploaded. */
  get isBusy(): boolean {
    return this.#queue.size + this.#running.size > 0
  }

  /** Uploads every file that is there, and those that are added later. */
  start(): void {
    this.#enqueue(this.#options.folder)
  }

  async isEmpty(): Promise<boolean> {
    const ignore = (): void => undefined
    for await (const _file of walk(this.#options.folder, {
      listed: new Map(),
      onFolder: ignore,
      onRepeated: ignore,
      onProblem: ignore,
    }))
      return false
    return true
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#watch[Symbol.dispose]()
    clearInterval(this.#poll)
    for (const { timer } of this.#changing.values()) clearTimeout(timer)
    this.#queue.clear()
    await Promise.all(this.#running.values())
  }

  #enqueue(file: string): void {
    const { folder } = this.#options
    if (this.#isStopped || isTemporary(path.relative(folder, file))) return
    this.#queue.add(file)
    this.#next()
  }

  #next(): void {
    for (const file of this.#queue) {
      if (this.#running.size >= UPLOADS) return
      if (this.#running.has(file)) continue // changed again: it is looked at again
      this.#queue.delete(file)
      const running = this.#look(file)
        .catch((error: unknown) => {
          this.#options.onError(asError(error))
        })
        .finally(() => {
          this.#running.delete(file)
          this.#next()
        })
      this.#running.set(file, running)
    }
  }

  async #look(file: string): Promise<void> {
    const stats = await statOf(file).catch((error: unknown) => {
      this.#report(file, unreadable(error))
      return undefined
    })
    if (stats === undefined) this.#forget(file)
    else if (stats.isDirectory()) for await (const found of walk(file, this.#walkOptions)) this.#enqueue(found)
    else if (!stats.isFile()) this.#report(file, 'is not a file')
    else await this.#uploadWhenQuiet(file, stats)
  }

  async #uploadWhenQuiet(file: string, stats: Stats): Promise<void> {
    const { size, mtimeMs } = stats
    const now = Date.now()
    const earlier = this.#changing.get(file)
    const since = earlier?.size === size && earlier.mtimeMs === mtimeMs ? earlier.since : now
    // The time of the file can be in the future, or that of another computer.
    const quietFor = Math.max(now - mtimeMs, now - since)
    const finishedMs = this.#quietMs * FINISHED_FACTOR
    clearTimeout(earlier?.timer)
    this.#changing.delete(file)
    const lookAgain = (inMs: number): void => {
      const timer = setTimeout(() => {
        this.#enqueue(file)
      }, inMs)
      this.#changing.set(file, { size, mtimeMs, since, first: earlier?.first ?? now, timer })
    }
    if (quietFor < this.#quietMs) {
      lookAgain(this.#quietMs - Math.max(0, quietFor))
      if (now - (earlier?.first ?? now) > this.#quietMs * MENTIONED_FACTOR && this.#isNew(file, 'growing'))
        this.#options.onNote(
          `${file} is still being written. It is imported when it has not changed for ${this.#quietMs / 1000} s.`,
        )
      return
    }
    try {
      const isComplete = await this.#upload(file, stats, quietFor >= finishedMs)
      if (!isComplete) lookAgain(Math.max(1, finishedMs - quietFor))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return // removed a moment ago
      const problem = problemOf(error)
      if (problem === undefined) throw error
      this.#report(file, problem)
    }
  }

  /** @returns false if its last line has to wait */
  async #upload(file: string, stats: Stats, isFinished: boolean): Promise<boolean> {
    const { bucket, folder, prefix } = this.#options
    const { size, mtimeMs } = stats
    const key = prefix + path.relative(folder, file).split(path.sep).join('/')
    const metadata = { size: String(size), mtime: String(Math.trunc(mtimeMs)) }
    const uploaded = await findUploaded(this.#s3, bucket, key)
    if (uploaded?.end === size && uploaded.size === metadata.size && uploaded.mtime === metadata.mtime) return true
    await using handle = await open(file)
    const read = await rangesOf(handle, size)
    // The rules may know the columns of a table with another name.
    const rules = isImportName(key) ? [] : await this.#rulesOf(key)
    const skipped = rules === undefined ? undefined : await whySkipped(read, key, stats, rules)
    if (skipped !== undefined) {
      if (this.#isNew(file, skipped)) this.#options.onSkipped(file, skipped)
      return true
    }
    const part = await findUnsentPart({ name: file, columns: columnsOf(rules) }, read, size, uploaded, isFinished)
    if (part.kind === 'nothing') return isFinished || uploaded?.end === size
    const bytes = part.end - part.start
    if (bytes > UNCHECKED_BYTES) await this.#options.checkRoom(bytes)
    const range = { start: part.start, end: part.end - 1, autoClose: false }
    await this.#s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        ...objectOf(key, part, metadata, uploaded),
        Body: bytes > MAX_BUFFER_BYTES ? handle.createReadStream(range) : await read(part.start, part.end),
        ContentLength: bytes,
      }),
    )
    return part.end === size
  }

  /** @returns undefined if the stored rules cannot be used: the importer says so, and waits */
  async #rulesOf(key: string): Promise<readonly Rule[] | undefined> {
    const { bucket } = this.#options
    try {
      return await readingRules({ bucket, key }, { checkpoints: s3Documents(this.#s3), bucket })()
    } catch (error) {
      if (error instanceof SetupError || error instanceof NewerVersionError) return undefined
      throw error
    }
  }

  #forget(file: string): void {
    this.#watch.remove(file)
    clearTimeout(this.#changing.get(file)?.timer)
    this.#changing.delete(file)
  }

  #startPolling(code: string): void {
    if (this.#poll !== undefined || this.#isStopped) return
    const { folder, onNote, pollMs = POLL_MS } = this.#options
    onNote(`Not all folders can be watched (${code}), so new files are searched for every ${pollMs / 1000} s.`)
    this.#poll = setInterval(() => {
      if (!this.isBusy) this.#enqueue(folder)
    }, pollMs)
  }

  #report(file: string, problem: string): void {
    if (this.#isNew(file, problem)) this.#options.onProblem(file, problem)
  }

  #isNew(file: string, what: string): boolean {
    const key = `${file}\0${what}`
    if (this.#mentioned.has(key)) return false
    this.#mentioned.add(key)
    return true
  }
}

function objectOf(
  key: string,
  part: Exclude<UnsentPart, { kind: 'nothing' }>,
  metadata: PieceMetadata,
  uploaded: UploadedFile | undefined,
): { readonly Key: string; readonly Metadata: PieceMetadata } {
  if (part.kind === 'whole' || uploaded === undefined) return { Key: key, Metadata: metadata }
  const appended: AppendedMetadata = { ...metadata, of: uploaded.versionId, start: String(part.start) }
  return { Key: appendedKey(key, uploaded.end), Metadata: appended }
}

/** @returns undefined for an error that is not about this file alone, like a full disk */
function problemOf(error: unknown): string | undefined {
  if (error instanceof Error && error.name === 'KeyTooLongError')
    return 'has a path that is longer than the 1,024 bytes of an S3 key. Shorten it'
  return FILE_ERRORS.has(codeOf(error)) ? unreadable(error) : undefined
}

const FILE_ERRORS = new Set(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ESTALE', 'EMFILE', 'ENFILE'])
