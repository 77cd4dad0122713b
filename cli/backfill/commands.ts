import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { BackfillFlags } from './backfill.ts'

/** Adds `backfill`. */
export function addBackfill(program: Command, endWith: EndWith): void {
  withDeploymentOptions(program.command('backfill'))
    .description('import files that have no final report: older files, and files whose event or message was lost')
    .option('--prefix <prefix>', 'only files whose key begins with this, for example incoming/2026/')
    .option('--since <time>', 'only files uploaded since this day or time (UTC), for example 2026-11-01')
    .option('--until <time>', 'only files uploaded until this day, included, or this time (UTC)')
    .option('--dry-run', 'show what would be imported, and import nothing', false)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import backfill --stack KissmetricsImporter --dry-run'))
    .action(async (flags: BackfillFlags) => {
      const { backfill } = await import('./backfill.ts')
      endWith(await backfill(flags))
    })
}
