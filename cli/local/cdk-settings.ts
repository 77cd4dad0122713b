import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { SetupError } from '../../lambda/errors.ts'
import { readSettings, SettingError, type Settings } from '../../lib/settings.ts'

const CDK_JSON = fileURLToPath(new URL('../../cdk.json', import.meta.url))

const CdkJson = v.object({ context: v.optional(v.record(v.string(), v.unknown()), {}) })

/**
 * The settings that `npx cdk deploy` would use: those under "context" in cdk.json.
 *
 * @throws SetupError if the file or a setting in it is invalid
 */
export async function readCdkSettings(file = CDK_JSON): Promise<Settings> {
  try {
    return readSettings(v.parse(CdkJson, JSON.parse(await readFile(file, 'utf8'))).context)
  } catch (cause) {
    if (cause instanceof SettingError) throw new SetupError(`cdk.json: ${cause.message}`, { cause })
    throw new SetupError(`${file} is not a valid cdk.json (${String(cause)}). Correct it, or restore it with git.`, { cause })
  }
}
