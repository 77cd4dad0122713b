import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { SetupError } from '../../lambda/errors.ts'
import { readSettingsFile } from '../../lib/settings-file.ts'
import { readSettings, SettingError } from '../../lib/settings.ts'
import type { WiringSettings } from '../../lib/wiring.ts'

const CDK_JSON = fileURLToPath(new URL('../../cdk.json', import.meta.url))

const CdkJson = v.object({ context: v.optional(v.record(v.string(), v.unknown()), {}) })

/**
 * The settings that `npx cdk deploy` would use, as far as they apply to this computer: those of the settings file, and those under
 * "context" in cdk.json.
 *
 * @throws SetupError if a file or a setting in it is invalid
 */
export async function readCdkSettings(file = CDK_JSON, settingsFile?: string): Promise<WiringSettings> {
  const { context } = await readCdkJson(file)
  try {
    const { endpoint, overrides, maximumConcurrency, maxReceiveCount, memoryMb } = readSettings({
      ...readSettingsFile(settingsFile),
      ...context,
    })
    return { endpoint, overrides, maximumConcurrency, maxReceiveCount, ...(memoryMb !== undefined && { memoryMb }) }
  } catch (cause) {
    if (cause instanceof SettingError)
      throw new SetupError(`Settings of the stack: ${cause.message} They are in km-import.settings.json and cdk.json.`, { cause })
    throw cause
  }
}

async function readCdkJson(file: string): Promise<v.InferOutput<typeof CdkJson>> {
  try {
    return v.parse(CdkJson, JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    if (file === CDK_JSON && (cause as NodeJS.ErrnoException).code === 'ENOENT') return { context: {} } // the npm package has none
    throw new SetupError(`${file} is not a valid cdk.json (${String(cause)}). Correct it, or restore it with git.`, { cause })
  }
}
