import type { Command } from 'commander'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp } from '../terminal/help.ts'
import { DEFAULT_API_KEY_ENV, DEFAULT_STATE_DIR, DEFAULT_WATCHED_DIR, readOptions, type LocalFlags } from './options.ts'

/** Adds `local`. */
export function addLocal(program: Command, endWith: EndWith): void {
  program
    .command('local')
    .description('run the whole importer on this computer, without AWS: watch a folder and import its files')
    .option('--once', 'import the files that are there, then exit', false)
    .option('--drop-dir <dir>', `folder to import from (default: "${DEFAULT_WATCHED_DIR}", created if missing)`)
    .option('--state-dir <dir>', 'folder for the state: bucket, queues, reports', DEFAULT_STATE_DIR)
    .option('--endpoint <url>', 'send to this tracking endpoint, with a real key, instead of the built-in Kissmetrics emulator')
    .option('--api-key-env <name>', 'environment variable that holds the API key', DEFAULT_API_KEY_ENV)
    .option('--port <number>', 'first of four consecutive ports: S3, SQS, emulator, console (default: any free ports)')
    .option('--open', 'open the page in the browser', false)
    .option('--json', 'write the reports as one JSON array to stdout at the end, and nothing else', false)
    .option('--no-samples', 'do not import the samples on the first start')
    .addHelpText(
      'after',
      afterHelp('npx km-import local --once --drop-dir ./exports', {
        0: 'all lines delivered',
        1: 'rejected or unfinished work, of any run (with --once)',
        2: 'cannot run',
      }),
    )
    .action(async (flags: LocalFlags) => {
      const options = await readOptions(flags, process.env)
      const { local } = await import('./local.ts')
      endWith(await local(options))
    })
}
