import type { Command } from 'commander'
import { FIXES_HELP } from '../../lambda/rules/fix.ts'
import { COLUMNS_HELP } from '../rules/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, collected } from '../terminal/help.ts'
import type { FixFlags } from './fix.ts'

/** Adds `fix`. */
export function addFix(program: Command, endWith: EndWith): void {
  program
    .command('fix')
    .description('convert a file that was rejected as a whole, or fix a common mistake in all its lines, into a new file')
    .argument('<file>', 'a file, also .gz, .zip, .zst or .br; s3://BUCKET/KEY; or - for standard input')
    .option('--fix <fix>', `${FIXES_HELP}; can be given several times`, collected, [])
    .option('--columns <file>', COLUMNS_HELP)
    .option('-o, --output <file>', 'file to write (default: FILE.fixed.jsonl in this folder)')
    .addHelpText(
      'after',
      afterHelp('npx km-import fix export.json --fix array', {
        0: 'all lines can be sent',
        1: 'some lines would be rejected',
        2: 'the file cannot be converted',
      }),
    )
    .action(async (file: string, flags: FixFlags) => {
      const { fix } = await import('./fix.ts')
      endWith(await fix(file, flags))
    })
}
