import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import { withRuleOptions } from '../rules/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { ReconcileFlags } from './reconcile.ts'

/** Adds `reconcile`. */
export function addReconcile(program: Command, endWith: EndWith): void {
  const command = withDeploymentOptions(program.command('reconcile'))
    .description('compare a data export of Kissmetrics with what was sent, and find the lines that are missing in it')
    .argument('<dir>', 'folder of the export: "revisions" and index.csv')
    .argument('[file...]', 'files that were sent (default: all files that the importer has imported)')
    .option('-o, --output <file>', 'new file for the missing lines', 'missing.jsonl')
  withRuleOptions(command)
    .option('--json', JSON_DOCUMENT, false)
    .option('--csv', 'write a CSV table by event and day to stdout', false)
    .addHelpText(
      'after',
      afterHelp('npx km-import reconcile ./export exports/*.jsonl', {
        0: 'everything is in the export',
        1: 'lines are missing in the export',
        2: 'a file cannot be read',
      }),
    )
    .action(async (folder: string, files: string[], flags: ReconcileFlags) => {
      const { reconcile } = await import('./reconcile.ts')
      endWith(await reconcile(folder, files, flags))
    })
}
