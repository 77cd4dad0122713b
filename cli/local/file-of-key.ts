import { existsSync } from 'node:fs'
import path from 'node:path'
import { INCOMING_PREFIX } from '../../lambda/keys.ts'
import { displayPath } from '../terminal/display-path.ts'
import { SAMPLES_FOLDER } from './samples.ts'

const SAMPLES_PREFIX = `${INCOMING_PREFIX}samples/`

/**
 * The file on this computer that was uploaded under a key, as a user names it in a command.
 *
 * @param watchedDir the folder that files are imported from
 * @returns its name alone if it is not there: it was uploaded from the page, which does not know its folder, or deleted since
 */
export function fileOfKey(key: string, watchedDir: string | undefined): string {
  const candidates = [
    ...(watchedDir === undefined ? [] : [fileBelow(watchedDir, key, INCOMING_PREFIX)]),
    fileBelow(SAMPLES_FOLDER, key, SAMPLES_PREFIX),
  ]
  const found = candidates.find((file) => file !== undefined && existsSync(file))
  return found === undefined ? path.posix.basename(key) : displayPath(found)
}

/** @returns undefined for a key with another prefix, or one that would lead out of the folder */
function fileBelow(folder: string, key: string, prefix: string): string | undefined {
  const name = key.slice(prefix.length)
  return key.startsWith(prefix) && !name.split('/').includes('..') ? path.join(folder, name) : undefined
}
