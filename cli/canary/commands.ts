import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { CanaryFlags } from './canary.ts'

/** Adds `canary`. */
export function addCanary(program: Command, endWith: EndWith): void {
  withDeploymentOptions(program.command('canary'))
    .description('send one marked event through the whole importer, and say where to look for it in Kissmetrics')
    .option('--timeout <seconds>', 'how long to wait for its report', '120')
    .option('-y, --yes', 'send without asking', false)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText(
      'after',
      afterHelp('npx km-import canary --stack KissmetricsImporter', {
        0: 'the endpoint accepted the event',
        1: 'it was not delivered in time',
        2: 'cannot run, or not confirmed',
      }),
    )
    .action(async (flags: CanaryFlags) => {
      const { canary } = await import('./canary.ts')
      endWith(await canary(flags))
    })
}
