import type { Command } from 'commander'
import { collected } from '../terminal/help.ts'

export const COLUMNS_HELP = 'file that says what the columns of CSV files mean (docs/formats.md)'

/** Adds the options with rules for files that are in no bucket, as `GivenRulesFlags` has them. */
export function withRuleOptions(command: Command): Command {
  return command
    .option('--columns <file>', COLUMNS_HELP)
    .option('--rules <file>', 'file with import rules (docs/rules.md)')
    .option(
      '--fix <fix>',
      'fix a common mistake in lines that would be rejected; can be given several times: npx km-import rules --help',
      collected,
      [],
    )
}
