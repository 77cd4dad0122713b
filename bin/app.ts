import { App } from 'aws-cdk-lib'
import { ImporterStack } from '../lib/importer-stack.ts'
import { readSettingsFile } from '../lib/settings-file.ts'
import { readSettings, SettingError } from '../lib/settings.ts'

const app = new App()
try {
  // A setting on the command line takes precedence.
  const settings = readSettings({ ...readSettingsFile(), ...(app.node.getAllContext() as Record<string, unknown>) })
  new ImporterStack(app, ['KissmetricsImporter', settings.product].filter(Boolean).join('-'), { settings })
} catch (error) {
  if (!(error instanceof SettingError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
