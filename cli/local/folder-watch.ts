import type { FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import { codeOf } from '../../lambda/errors.ts'

export interface FolderWatchListeners {
  /** Called with a file or folder that was created, changed or removed. */
  readonly onChange: (file: string) => void
  /** Called if a folder cannot be watched, with the code of the operating system. */
  readonly onFailure: (code: string) => void
}

/**
 * Notices changes in folders. One watch for each folder is enough, because the operating system names the file that has changed; a watch for
 * each file would use up the watches that a user may have.
 */
export class FolderWatch implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #watch: typeof watch
  readonly #on: FolderWatchListeners
  #isDisposed = false

  /** @param watchFolder the function of Node */
  constructor(watchFolder: typeof watch, on: FolderWatchListeners) {
    this.#watch = watchFolder
    this.#on = on
  }

  /** Replaces an earlier watch: it may be that of a removed folder of the same name. */
  add(folder: string): void {
    this.remove(folder)
    if (this.#isDisposed) return
    try {
      const watcher = this.#watch(folder, (_event, name) => {
        if (name !== null) this.#on.onChange(path.join(folder, name))
      })
      watcher.on('error', (error) => {
        this.remove(folder)
        this.#fail(error)
      })
      this.#watchers.set(folder, watcher)
    } catch (error) {
      this.#fail(error)
    }
  }

  remove(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }

  #fail(error: unknown): void {
    const code = codeOf(error)
    if (code !== 'ENOENT') this.#on.onFailure(code) // a folder that was just removed needs no watch
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    for (const watcher of this.#watchers.values()) watcher.close()
  }
}
