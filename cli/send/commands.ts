import type { Command } from 'commander'
import { KISSMETRICS_ENDPOINT } from '../../lambda/settings/addresses.ts'
import { DEFAULT_API_KEY_ENV } from '../local/options.ts'
import { withRuleOptions } from '../rules/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp } from '../terminal/help.ts'
import type { SendFlags } from './send.ts'

/** Adds `send`. */
export function addSend(program: Command, endWith: EndWith): void {
  withRuleOptions(program.command('send'))
    .description('send files from this computer to Kissmetrics, once and without AWS')
    .argument(
      '<file...>',
      'files of JSON lines or CSV, also .gz, .zip, .zst or .br; folders; or a FILE.rejected.jsonl that you have fixed',
    )
    .option('--endpoint <url>', 'tracking endpoint to send to', KISSMETRICS_ENDPOINT)
    .option('--api-key-env <name>', 'environment variable that holds the API key', DEFAULT_API_KEY_ENV)
    .option('-y, --yes', 'send without asking', false)
    .option('--release', 'also send files that the safety check holds, for example because of many aliases', false)
    .option('--again', 'also send files that were already sent', false)
    .option('--json', 'write the reports as one JSON array to stdout, and nothing else', false)
    .addHelpText(
      'after',
      afterHelp('npx km-import send exports/*.jsonl.gz', {
        0: 'all lines delivered',
        1: 'some lines rejected',
        2: 'cannot run',
        130: 'interrupted',
      }) +
        '\nThe report is written to FILE.report.json, and the rejected lines to\nFILE.rejected.jsonl. Ctrl-C stops the send; the same command continues it.\n',
    )
    .action(async (files: string[], flags: SendFlags) => {
      const { send } = await import('./send.ts')
      endWith(await send(files, flags))
    })
}
