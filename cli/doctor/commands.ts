import type { Command } from 'commander'
import { KISSMETRICS_ENDPOINT } from '../../lambda/settings/addresses.ts'
import { DEFAULT_STATE_DIR, DEFAULT_WATCHED_DIR } from '../local/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { DoctorFlags } from './doctor.ts'

/** Adds `doctor`. */
export function addDoctor(program: Command, endWith: EndWith): void {
  program
    .command('doctor')
    .description('check a deployed stack, or this computer: what is wrong, and the command that cures it')
    .option('--stack <name>', 'name of the deployed stack (default: what local mode needs on this computer)')
    .option('--state-dir <dir>', 'state folder of local mode', DEFAULT_STATE_DIR)
    .option('--drop-dir <dir>', `folder that local mode imports from (default: "${DEFAULT_WATCHED_DIR}")`)
    .option('--endpoint <url>', `tracking endpoint to reach (default: ${KISSMETRICS_ENDPOINT})`)
    .option('--port <number>', 'first of four consecutive ports (default: any free ports)')
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText(
      'after',
      afterHelp('npx km-import doctor --stack KissmetricsImporter', {
        0: 'nothing is wrong; there may be warnings',
        1: 'something is wrong',
        2: 'cannot check: no such stack, or no credentials',
      }),
    )
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import('./doctor.ts')
      endWith(await doctor(flags))
    })
}
