import type { Command } from 'commander'
import { withDeploymentOptions } from '../deployment/options.ts'
import { withRuleOptions } from '../rules/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { PreviewFlags } from './preview.ts'

/** Adds `preview`. */
export function addPreview(program: Command, endWith: EndWith): void {
  const command = withRuleOptions(program.command('preview'))
    .description('show what an import of files would do, and send nothing')
    .argument(
      '<file...>',
      'files of JSON lines or CSV, also .gz, .zip, .zst or .br; folders; s3://BUCKET/KEY; or - for standard input',
    )
    .option('--rules-of <prefix>', 'use the rules that the importer has for this prefix, for example incoming/daily/')
  withDeploymentOptions(command)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText(
      'after',
      afterHelp('npx km-import preview exports/*.jsonl.gz', {
        0: 'all lines valid',
        1: 'some lines would be rejected',
        2: 'a file cannot be imported',
      }),
    )
    .action(async (files: string[], flags: PreviewFlags) => {
      const { preview } = await import('./preview.ts')
      endWith(await preview(files, flags))
    })
}
