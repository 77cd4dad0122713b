import type { App, StackProps } from 'aws-cdk-lib/core'
import { ImporterStack } from './importer-stack.ts'
import { wrongPlace } from './setting-combinations.ts'
import { readSettingsFile } from './settings-file.ts'
import { readSettings, SettingError } from './settings.ts'

/**
 * Adds the stack of the settings to the app. If one is wrong, it prints a sentence that says what to change, and adds nothing.
 *
 * @param given settings on the command line, which take precedence over those of the settings file
 */
export function addImporterStack(
  app: App,
  given: Readonly<Record<string, unknown>>,
  props: Pick<StackProps, 'synthesizer'> = {},
): ImporterStack | undefined {
  try {
    const settings = readSettings({ ...readSettingsFile(), ...given })
    // The CDK's command line sets both. Without credentials it knows no account, and the region is only its default.
    const { CDK_DEFAULT_REGION: region, CDK_DEFAULT_ACCOUNT: account } = process.env
    const wrong = account === undefined ? undefined : wrongPlace(settings, { region, account })
    if (wrong !== undefined) throw new SettingError(wrong)
    return new ImporterStack(app, ['KissmetricsImporter', settings.product].filter(Boolean).join('-'), { settings, ...props })
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    console.error(error.message)
    process.exitCode = 1
    return undefined
  }
}
