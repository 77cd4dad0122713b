import { watch, type FSWatcher } from 'node:fs'
import path from 'node:path'
import { codeOf } from '../../lambda/errors.ts'

/**
 * Notices changes in folders. One watch for each folder is enough, because the operating system names the file that has changed; a watch for
 * each file would use up the watches that a user may have.
 */
export class FolderWatch implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #onChange: (file: string) => void
  readonly #onFailure: (code: string) => void

  /**
   * @param onChange called with a file or folder that was created, changed or removed
   * @param onFailure called if a folder cannot be watched, with the code of the operating system
   */
  constructor(onChange: (file: string) => void, onFailure: (code: string) => void) {
    this.#onChange = onChange
    this.#onFailure = onFailure
  }

  /** Replaces an earlier watch: it may be that of a removed folder of the same name. */
  add(folder: string): void {
    this.remove(folder)
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) this.#onChange(path.join(folder, name))
      })
      watcher.on('error', (error) => {
        this.remove(folder)
        this.#onFailure(codeOf(error))
      })
      this.#watchers.set(folder, watcher)
    } catch (error) {
      this.#onFailure(codeOf(error))
    }
  }

  remove(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close()
  }
}
