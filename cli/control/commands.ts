import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { CancelFlags } from './cancel.ts'
import type { LimitFlags } from './limit.ts'
import type { PauseFlags } from './pause.ts'

/** Adds the commands that stop and slow down imports. Each is loaded only when it runs, so that `--help` stays fast. */
export function addControl(program: Command, endWith: EndWith): void {
  withDeploymentOptions(program.command('pause'))
    .description('pause all imports: nothing is sent until you resume them, and nothing is lost')
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import pause --stack KissmetricsImporter'))
    .action(async (flags: PauseFlags) => {
      const { pause } = await import('./pause.ts')
      endWith(await pause(flags))
    })
  withDeploymentOptions(program.command('resume'))
    .description('let paused imports continue')
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import resume --stack KissmetricsImporter'))
    .action(async (flags: PauseFlags) => {
      const { resume } = await import('./pause.ts')
      endWith(await resume(flags))
    })
  withDeploymentOptions(program.command('limit'))
    .description('limit how many lines a second all imports send together')
    .argument('<rate>', 'lines a second, for example 500/s; or off')
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import limit 500/s'))
    .action(async (rate: string, flags: LimitFlags) => {
      const { limit } = await import('./limit.ts')
      endWith(await limit(rate, flags))
    })
  withDeploymentOptions(program.command('cancel'))
    .description('stop the import of a file for good, and list the lines that were sent')
    .argument('<key>', 'the key of the file in the bucket')
    .option('--version <id>', 'version id of the file (default: the newest version)')
    .option('-o, --output <file>', 'write the lines that were sent to this file')
    .option('-y, --yes', 'cancel without asking', false)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import cancel incoming/wrong.json -o sent.jsonl'))
    .addHelpText('after', CANCEL_CODES)
    .action(async (key: string, flags: CancelFlags) => {
      const { cancel } = await import('./cancel.ts')
      endWith(await cancel(key, flags))
    })
}

const CANCEL_CODES = `
Exit codes:
  0    cancelled; the same command shows again what was sent
  1    cancelled, but its report is not written yet
  2    not cancelled: no such file, or its import has ended
`
