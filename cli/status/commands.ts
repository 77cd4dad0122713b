import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { StatusFlags } from './status.ts'

/** Adds `status`. */
export function addStatus(program: Command, endWith: EndWith): void {
  withDeploymentOptions(program.command('status'))
    .description('show the state of all imports, or one report in full')
    .argument('[key]', 'the key of the file in the bucket')
    .option('--watch', 'update when something changes, until Ctrl-C', false)
    .option('--all', 'show all files, not only the newest 20', false)
    .option('--json', JSON_DOCUMENT, false)
    .option('--csv', 'write a CSV table to stdout', false)
    .addHelpText('after', afterHelp('npx km-import status incoming/accounts.json'))
    .action(async (key: string | undefined, flags: StatusFlags) => {
      const { status } = await import('./status.ts')
      endWith(await status(key, flags))
    })
}
