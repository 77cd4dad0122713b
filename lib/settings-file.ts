import { readFileSync } from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { SettingError } from './settings.ts'

const SETTINGS_FILE = 'km-import.settings.json'

// A record accepts a list as well.
const Content = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'it is a list'),
  v.record(v.string(), v.unknown()),
)

/**
 * Reads the settings of one's own from the working directory: `{"NAME": VALUE}`. Git ignores the file, so an update never touches it.
 * A file that does not exist contains none.
 *
 * @throws SettingError if the file is not a JSON object
 */
export function readSettingsFile(file = SETTINGS_FILE): Readonly<Record<string, unknown>> {
  try {
    return v.parse(Content, JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new SettingError(
      `${path.basename(file)} is not a JSON object of settings (${String(cause)}). ` +
        'Write it like {"product": "web-shop", "maximumConcurrency": 4}, or remove it.',
      { cause },
    )
  }
}
