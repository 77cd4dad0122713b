import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { watch, type FSWatcher } from 'chokidar'
import { codeOf } from '../../lambda/errors.ts'
import { FILE_SUFFIXES } from '../../lambda/keys.ts'

export interface WatchedFolderOptions {
  readonly folder: string
  readonly bucket: string
  /** Prefix of the uploaded objects: `incoming/`. */
  readonly prefix: string
  /** Called for a file that does not end in one of the suffixes, and is not imported. */
  readonly onIgnored: (file: string, suffixes: readonly string[]) => void
  readonly onUnreadable: (file: string, code: string) => void
}

/** A file must be unchanged for this long before it is uploaded, because a program may still be writing it. */
const STABLE_MS = 300

/**
 * Uploads each file of a local folder to the bucket once, and again only after it has changed.
 *
 * The bucket itself stores size and time of the uploaded file beside each object, so this knowledge survives a restart and cannot
 * disagree with the bucket.
 */
export class WatchedFolder {
  readonly #s3: S3Client
  readonly #options: WatchedFolderOptions
  readonly #watcher: FSWatcher
  readonly #ready: Promise<void>
  #uploads: Promise<void> = Promise.resolve()
  #pendingUploads = 0

  constructor(s3: S3Client, options: WatchedFolderOptions) {
    this.#s3 = s3
    this.#options = options
    this.#watcher = watch(options.folder, {
      ignored: (file) => file !== options.folder && isTemporary(file),
      awaitWriteFinish: { stabilityThreshold: STABLE_MS, pollInterval: 100 },
      // `scan` uploads the files that are there already: unlike the watcher, it reports when all are uploaded.
      ignoreInitial: true,
    })
    this.#ready = new Promise((resolve) => {
      this.#watcher.once('ready', () => {
        resolve()
      })
    })
    this.#watcher.on('add', (file) => {
      this.#enqueue(file)
    })
    this.#watcher.on('change', (file) => {
      this.#enqueue(file)
    })
  }

  get isUploading(): boolean {
    return this.#pendingUploads > 0
  }

  /** Uploads every file that is there now. Resolves when all are in the bucket. */
  async scan(): Promise<void> {
    await this.#ready // otherwise a file that is written now could be missed by both the watcher and the scan
    for (const file of await this.files()) this.#enqueue(file)
    await this.#uploads
  }

  /** The files in the folder, in alphanumeric order like Kissmetrics' own importer, without hidden and temporary ones. */
  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.#options.folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(this.#options.folder, file).split(path.sep).some(isTemporary))
      .toSorted()
  }

  async stop(): Promise<void> {
    await this.#watcher.close()
    await this.#uploads
  }

  /** Uploads one file after the other, because a folder may contain thousands. */
  #enqueue(file: string): void {
    this.#pendingUploads += 1
    this.#uploads = this.#uploads
      .then(() => this.#upload(file))
      .finally(() => {
        this.#pendingUploads -= 1
      })
  }

  async #upload(file: string): Promise<void> {
    const { bucket, folder, prefix, onIgnored, onUnreadable } = this.#options
    if (!FILE_SUFFIXES.some((suffix) => file.endsWith(suffix))) {
      onIgnored(file, FILE_SUFFIXES)
      return
    }
    const key = prefix + path.relative(folder, file).split(path.sep).join('/')
    try {
      const { size, mtimeMs } = await stableStats(file)
      const Metadata = { size: String(size), mtime: String(Math.trunc(mtimeMs)) }
      if (await this.#isUploaded(key, Metadata)) return
      const object = { Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: size, Metadata }
      await this.#s3.send(new PutObjectCommand(object))
    } catch (error) {
      onUnreadable(file, codeOf(error) || String(error))
    }
  }

  async #isUploaded(key: string, { size, mtime }: { size: string; mtime: string }): Promise<boolean> {
    try {
      const { Metadata } = await this.#s3.send(new HeadObjectCommand({ Bucket: this.#options.bucket, Key: key }))
      return Metadata?.size === size && Metadata.mtime === mtime
    } catch (error) {
      if (error instanceof NotFound) return false
      throw error
    }
  }
}

/** Hidden files, and the temporary files of editors and browsers. */
function isTemporary(file: string): boolean {
  return /^\.|~$|\.(tmp|part|partial|crdownload|swp)$/.test(path.basename(file))
}

/** Waits until the file has not been written to for STABLE_MS. */
async function stableStats(file: string): Promise<{ size: number; mtimeMs: number }> {
  for (;;) {
    const stats = await stat(file)
    const age = Date.now() - stats.mtimeMs
    if (age >= STABLE_MS || age < 0) return stats // a time in the future cannot be waited for
    await delay(STABLE_MS - age)
  }
}
