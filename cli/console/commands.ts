import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp } from '../terminal/help.ts'
import type { ConsoleFlags } from './console.ts'

/** Adds `console`. */
export function addConsole(program: Command, endWith: EndWith): void {
  withDeploymentOptions(program.command('console'))
    .description('open a page in the browser: import files, follow them, fix rejected lines and send them again')
    .option('--port <number>', 'port of the page (default: the last one, or any free port)')
    .option('--open', 'open the page in the browser', false)
    .addHelpText('after', afterHelp('npx km-import console --stack KissmetricsImporter'))
    .action(async (flags: ConsoleFlags) => {
      const { console } = await import('./console.ts')
      endWith(await console(flags))
    })
}
