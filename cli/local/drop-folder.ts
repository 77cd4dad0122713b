import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { watch, type FSWatcher } from 'chokidar'
import { codeOf } from '../../lambda/errors.ts'

export interface WatchedFolderOptions {
  readonly folder: string
  readonly bucket: string
  /** Where its files go in the bucket: `incoming/`. */
  readonly prefix: string
  /** Ends of names that are imported; files of other names are told to `onIgnored`. */
  readonly suffixes: readonly string[]
  readonly onIgnored: (file: string) => void
  readonly onUnreadable: (file: string, code: string) => void
}

/** How long a file must not have grown: whoever copies or writes it may not be done. */
const SETTLED_MS = 300

/**
 * A folder of this computer whose files become drops, each once: again only when it has changed.
 *
 * What was taken before is known from the bucket itself, which keeps size and time of the file beside each object, so it survives a
 * restart and nothing can disagree with it.
 */
export class WatchedFolder {
  readonly #s3: S3Client
  readonly #options: WatchedFolderOptions
  readonly #watcher: FSWatcher
  readonly #ready: Promise<void>
  #uploads: Promise<void> = Promise.resolve()
  #uploading = 0

  constructor(s3: S3Client, options: WatchedFolderOptions) {
    this.#s3 = s3
    this.#options = options
    this.#watcher = watch(options.folder, {
      ignored: (file) => file !== options.folder && isPassedOver(file),
      awaitWriteFinish: { stabilityThreshold: SETTLED_MS, pollInterval: 100 },
      // What is there already is taken by `scan`, which tells when it is through; the watcher's own first look does not.
      ignoreInitial: true,
    })
    this.#ready = new Promise((resolve) => {
      this.#watcher.once('ready', () => {
        resolve()
      })
    })
    this.#watcher.on('add', (file) => {
      this.#take(file)
    })
    this.#watcher.on('change', (file) => {
      this.#take(file)
    })
  }

  get isUploading(): boolean {
    return this.#uploading > 0
  }

  /** Takes every file that is there now. Resolves when all are in the bucket. */
  async scan(): Promise<void> {
    await this.#ready // or a file that comes between the two would be seen by neither
    for (const file of await this.files()) this.#take(file)
    await this.#uploads
  }

  /** The files in the folder that could be drops, in alphanumeric order as Kissmetrics' own importer takes them. */
  async files(): Promise<readonly string[]> {
    const entries = await readdir(this.#options.folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(this.#options.folder, file).split(path.sep).some(isPassedOver))
      .toSorted()
  }

  async stop(): Promise<void> {
    await this.#watcher.close()
    await this.#uploads
  }

  /** One after the other: a folder may hold thousands. */
  #take(file: string): void {
    this.#uploading += 1
    this.#uploads = this.#uploads
      .then(() => this.#upload(file))
      .finally(() => {
        this.#uploading -= 1
      })
  }

  async #upload(file: string): Promise<void> {
    const { bucket, folder, prefix, suffixes, onIgnored, onUnreadable } = this.#options
    if (!suffixes.some((suffix) => file.endsWith(suffix))) {
      onIgnored(file)
      return
    }
    const key = prefix + path.relative(folder, file).split(path.sep).join('/')
    try {
      const { size, mtimeMs } = await settledStats(file)
      const taken = { size: String(size), mtime: String(Math.trunc(mtimeMs)) }
      if (await this.#isTaken(key, taken)) return
      const object = { Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: size, Metadata: taken }
      await this.#s3.send(new PutObjectCommand(object))
    } catch (error) {
      onUnreadable(file, codeOf(error) || String(error))
    }
  }

  async #isTaken(key: string, { size, mtime }: { size: string; mtime: string }): Promise<boolean> {
    try {
      const { Metadata } = await this.#s3.send(new HeadObjectCommand({ Bucket: this.#options.bucket, Key: key }))
      return Metadata?.size === size && Metadata.mtime === mtime
    } catch (error) {
      if (error instanceof NotFound) return false
      throw error
    }
  }
}

/** What editors and browsers write beside a file while it is not whole; and hidden files. */
function isPassedOver(file: string): boolean {
  return /^\.|~$|\.(tmp|part|partial|crdownload|swp)$/.test(path.basename(file))
}

/** The file as it is once nobody has written to it for a moment. */
async function settledStats(file: string): Promise<{ size: number; mtimeMs: number }> {
  for (;;) {
    const stats = await stat(file)
    const age = Date.now() - stats.mtimeMs
    if (age >= SETTLED_MS || age < 0) return stats // a time in the future says nothing
    await delay(SETTLED_MS - age)
  }
}
