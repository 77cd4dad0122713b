import { Command, CommanderError } from 'commander'
import about from '../package.json' with { type: 'json' }
import { KISSMETRICS_ENDPOINT } from '../lambda/settings.ts'
import { SetupError } from '../lambda/errors.ts'
import { awsErrorText } from './deployment/aws-error.ts'
import type { BackfillFlags } from './backfill/backfill.ts'
import type { ConsoleFlags } from './console/console.ts'
import { EXIT, type ExitCode } from './terminal/exit.ts'
import { DEFAULT_API_KEY_ENV, DEFAULT_WATCHED_DIR, DEFAULT_STATE_DIR, readOptions, type LocalFlags } from './local/options.ts'
import { withDeploymentOptions } from './deployment/options.ts'
import type { PreviewFlags } from './preview/preview.ts'
import { addRejects } from './rejects/commands.ts'
import type { SendFlags } from './send/send.ts'
import type { StatusFlags } from './status/status.ts'

/**
 * The command line: one command of this folder for each that is typed.
 *
 * @param argv what was typed after the program's name
 * @returns the exit code; whatever a person can mend has been said in one line on stderr by then
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = new Command('km-import')
    .description('Brings files of JSON lines to Kissmetrics: every line arrives, or comes back with the reason.')
    .version(about.version)
    .addHelpText('after', '\nExample:\n  km-import preview exports/*.jsonl\n  km-import send exports/*.jsonl\n')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
  program
    .command('local')
    .description('run the whole importer on this computer: drop files into a folder, no AWS account needed')
    .option('--once', 'import what is there, then exit: 0 all delivered, 1 some lines came back, 2 not usable', false)
    .option('--drop-dir <dir>', `folder to take files from (default: "${DEFAULT_WATCHED_DIR}", made where missing)`)
    .option('--state-dir <dir>', 'folder for the state: bucket, queues, reports', DEFAULT_STATE_DIR)
    .option('--endpoint <url>', 'send to this tracking endpoint instead of the built-in stand-in, and with a real key')
    .option('--api-key-env <name>', 'environment variable that holds the API key', DEFAULT_API_KEY_ENV)
    .option('--port <number>', 'first of four ports in a row: S3, SQS, stand-in, console (default: any free)')
    .option('--json', 'write the reports as one JSON array to stdout at the end, and nothing else there', false)
    .option('--no-samples', 'do not import the samples on an empty first start')
    .addHelpText('after', '\nExample:\n  km-import local --once --drop-dir ./exports\n')
    .action(async (flags: LocalFlags) => {
      const options = await readOptions(flags, process.env)
      // Loaded only now: whoever asks for help, or typed a flag wrong, does not wait for it.
      const { local } = await import('./local/local.ts')
      exitCode = await local(options)
    })
  withDeploymentOptions(program.command('backfill'))
    .description('import what lies under incoming/ and has no report: older files, and drops whose event was lost')
    .option('--dry-run', 'only show what would be queued', false)
    .option('--json', 'write one JSON document to stdout, and nothing else there', false)
    .addHelpText('after', '\nExample:\n  km-import backfill --stack KissmetricsImporter --dry-run\n')
    .action(async (flags: BackfillFlags) => {
      const { backfill } = await import('./backfill/backfill.ts')
      exitCode = await backfill(flags)
    })
  program
    .command('preview')
    .description(
      'show what files would do to the account, and send nothing: 0 all lines valid, 1 some would come back, 2 unreadable',
    )
    .argument('<file...>', 'files of JSON lines, also .gz; s3://BUCKET/KEY; or - for standard input')
    .option('--json', 'write one JSON document to stdout, and nothing else there', false)
    .addHelpText('after', '\nExample:\n  km-import preview exports/*.jsonl.gz\n')
    .action(async (files: string[], flags: PreviewFlags) => {
      const { preview } = await import('./preview/preview.ts')
      exitCode = await preview(files, flags)
    })
  program
    .command('send')
    .description(
      'send files from this computer, once and without AWS: 0 all delivered, 1 some lines came back, 2 not usable, 130 interrupted',
    )
    .argument('<file...>', 'files of JSON lines, also .gz; or a FILE.rejected.jsonl that you have mended')
    .option('--endpoint <url>', 'tracking endpoint to send to', KISSMETRICS_ENDPOINT)
    .option('--api-key-env <name>', 'environment variable that holds the API key', DEFAULT_API_KEY_ENV)
    .option('-y, --yes', 'do not ask', false)
    .option('--again', 'also what was sent before and has not changed since', false)
    .option('--json', 'write the reports as one JSON array to stdout, and nothing else there', false)
    .addHelpText(
      'after',
      '\nExample:\n  km-import send exports/*.jsonl.gz\n\n' +
        'Beside each FILE lie FILE.report.json, and FILE.rejected.jsonl with the lines\nthat came back. ' +
        'Ctrl-C stops it; the same command goes on where it stood.\n',
    )
    .action(async (files: string[], flags: SendFlags) => {
      const { send } = await import('./send/send.ts')
      exitCode = await send(files, flags)
    })
  withDeploymentOptions(program.command('status'))
    .description('what became of the drops, or of one of them in full')
    .argument('[key]', 'the drop, as it is called in the bucket')
    .option('--watch', 'show it anew as it changes, until Ctrl-C', false)
    .option('--all', `also those before the newest 20`, false)
    .option('--json', 'write one JSON document to stdout, and nothing else there', false)
    .option('--csv', 'write a table for a spreadsheet to stdout', false)
    .addHelpText('after', '\nExample:\n  km-import status incoming/accounts.json\n')
    .action(async (key: string | undefined, flags: StatusFlags) => {
      const { status } = await import('./status/status.ts')
      exitCode = await status(key, flags)
    })
  withDeploymentOptions(program.command('console'))
    .description('a page in the browser: drop files, see what becomes of them, mend what came back and send it again')
    .option('--port <number>', 'port of the page (default: any free)')
    .addHelpText('after', '\nExample:\n  km-import console --stack KissmetricsImporter\n')
    .action(async (flags: ConsoleFlags) => {
      const { console } = await import('./console/console.ts')
      exitCode = await console(flags)
    })
  addRejects(program, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
    const told = error instanceof SetupError ? error.message : awsErrorText(error)
    if (told === undefined) throw error
    process.stderr.write(`km-import: ${told}\n`)
    return EXIT.unusable
  }
}
