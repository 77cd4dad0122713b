import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import { kindsText } from './rules-text.ts'
import type { AddRulesFlags, ListRulesFlags, RemoveRulesFlags } from './rules.ts'

const COLUMNS = 'a rule that says what the columns of CSV files mean (docs/formats.md)'
const ALL_LINES = 'also change valid lines, as far as these rules can'

/** Adds `km-import rules …`. */
export function addRulesCommands(program: Command, endWith: EndWith): void {
  const rules = program
    .command('rules')
    .description('import rules: fix the same mistake in every file of a prefix, on the way in')
    .addHelpText('after', () => `\n${kindsText()}\nExample:\n  npx km-import rules add incoming/daily/ ms-timestamps\n`)
  withDeploymentOptions(rules.command('list'))
    .description('show the import rules')
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import rules list'))
    .action(async (flags: ListRulesFlags) => {
      const { listRules } = await import('./rules.ts')
      endWith(await listRules(flags))
    })
  withPrefix(rules.command('preview'))
    .description('show what rules would have made of the last files, and save nothing')
    .option('--all-lines', ALL_LINES, false)
    .option('--columns <file>', COLUMNS)
    .addHelpText('after', afterHelp('npx km-import rules preview incoming/daily/ rename:email=_p'))
    .action(async (prefix: string, fixes: string[], flags: AddRulesFlags) => {
      const { previewRules } = await import('./rules.ts')
      endWith(await previewRules(prefix, fixes, flags))
    })
  withPrefix(rules.command('add'))
    .description('show what rules would have made of the last files, and save them')
    .option('--all-lines', ALL_LINES, false)
    .option('--columns <file>', COLUMNS)
    .option('-y, --yes', 'save without asking', false)
    .addHelpText(
      'after',
      '\nExample:\n  npx km-import rules add incoming/daily/ drop:internal_id --all-lines\n\nExit code 1: nothing was saved, because lines that are valid now would be\nrejected.\n',
    )
    .action(async (prefix: string, fixes: string[], flags: AddRulesFlags) => {
      const { addRules } = await import('./rules.ts')
      endWith(await addRules(prefix, fixes, flags))
    })
  withPrefix(rules.command('remove'))
    .description('remove rules, or all rules of a prefix')
    .option('-y, --yes', 'remove without asking', false)
    .addHelpText('after', afterHelp('npx km-import rules remove incoming/daily/ ms-timestamps'))
    .action(async (prefix: string, fixes: string[], flags: RemoveRulesFlags) => {
      const { removeRules } = await import('./rules.ts')
      endWith(await removeRules(prefix, fixes, flags))
    })
}

function withPrefix(command: Command): Command {
  return withDeploymentOptions(command)
    .argument('<prefix>', 'files whose key begins with this; the longest prefix with rules counts')
    .argument('[rule...]', 'a rule, as in: npx km-import rules --help')
    .option('--json', JSON_DOCUMENT, false)
}
