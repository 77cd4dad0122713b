import { Command, CommanderError, Help, type Option } from 'commander'
import about from '../package.json' with { type: 'json' }
import { SetupError } from '../lambda/errors.ts'
import { KISSMETRICS_ENDPOINT } from '../lambda/settings.ts'
import type { BackfillFlags } from './backfill/backfill.ts'
import type { CanaryFlags } from './canary/canary.ts'
import { addCompletion } from './completion/commands.ts'
import type { ConsoleFlags } from './console/console.ts'
import { addControl } from './control/commands.ts'
import { awsErrorText } from './deployment/aws-error.ts'
import { withDeploymentOptions } from './deployment/options.ts'
import { DEFAULT_API_KEY_ENV, DEFAULT_STATE_DIR, DEFAULT_WATCHED_DIR, readOptions, type LocalFlags } from './local/options.ts'
import type { PreviewFlags } from './preview/preview.ts'
import type { DoctorFlags } from './doctor/doctor.ts'
import type { FixFlags } from './fix/fix.ts'
import { addRejects } from './rejects/commands.ts'
import { addRulesCommands } from './rules/commands.ts'
import { FIXES_HELP } from '../lambda/rules/fix.ts'
import { addSafety } from './safety/commands.ts'
import type { ReconcileFlags } from './reconcile/reconcile.ts'
import type { SendFlags } from './send/send.ts'
import type { StatusFlags } from './status/status.ts'
import { printableLines } from './terminal/escape.ts'
import { EXIT, type ExitCode } from './terminal/exit.ts'
import { messageText } from './terminal/layout.ts'

const COLUMNS_HELP = 'file that says what the columns of CSV files mean (docs/formats.md)'
const JSON_DOCUMENT = 'write one JSON document to stdout, and nothing else'

/**
 * The command line. Each command is in the folder of its name, and loaded when it runs: help and wrong flags do not wait for it.
 *
 * @param argv what the user typed after the name of the program
 * @returns the exit code. An error that the user can fix is one message on stderr; every other error is thrown
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = new Command('npx km-import')
    .description('Imports files of JSON lines into Kissmetrics. Each line is delivered, or rejected with a reason.')
    .version(about.version)
    .addHelpText('after', '\nExample:\n  npx km-import preview exports/*.jsonl\n  npx km-import send exports/*.jsonl\n')
    .showHelpAfterError('(Use --help to see commands and options.)')
    .configureHelp({ optionDescription })
    .exitOverride()
    .enablePositionalOptions() // `cancel --version` is the version of a file
    .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) }) // quotes what the user typed
  program
    .command('local')
    .description('run the whole importer on this computer, without AWS: watch a folder and import its files')
    .option('--once', 'import the files that are there, then exit', false)
    .option('--drop-dir <dir>', `folder to import from (default: "${DEFAULT_WATCHED_DIR}", created if missing)`)
    .option('--state-dir <dir>', 'folder for the state: bucket, queues, reports', DEFAULT_STATE_DIR)
    .option('--endpoint <url>', 'send to this tracking endpoint, with a real key, instead of the built-in Kissmetrics emulator')
    .option('--api-key-env <name>', 'environment variable that holds the API key', DEFAULT_API_KEY_ENV)
    .option('--port <number>', 'first of four consecutive ports: S3, SQS, emulator, console (default: any free ports)')
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
      const { local } = await import('./local/local.ts')
      exitCode = await local(options)
    })
  withDeploymentOptions(program.command('backfill'))
    .description('import files that have no final report: older files, and files whose event or message was lost')
    .option('--prefix <prefix>', 'only files whose key begins with this, for example incoming/2026/')
    .option('--since <time>', 'only files uploaded since this day or time (UTC), for example 2026-11-01')
    .option('--until <time>', 'only files uploaded until this day, included, or this time (UTC)')
    .option('--dry-run', 'show what would be imported, and import nothing', false)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText('after', afterHelp('npx km-import backfill --stack KissmetricsImporter --dry-run'))
    .action(async (flags: BackfillFlags) => {
      const { backfill } = await import('./backfill/backfill.ts')
      exitCode = await backfill(flags)
    })
  program
    .command('preview')
    .description('show what an import of files would do, and send nothing')
    .argument(
      '<file...>',
      'files of JSON lines or CSV, also .gz, .zip, .zst or .br; folders; s3://BUCKET/KEY; or - for standard input',
    )
    .option('--columns <file>', COLUMNS_HELP)
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
      const { preview } = await import('./preview/preview.ts')
      exitCode = await preview(files, flags)
    })
  program
    .command('fix')
    .description('convert a file that was rejected as a whole, or fix a common mistake in all its lines, into a new file')
    .argument('<file>', 'a file, also .gz, .zip, .zst or .br; s3://BUCKET/KEY; or - for standard input')
    .option('--fix <fix>', `${FIXES_HELP}; can be given several times`, (fix, fixes: string[]) => [...fixes, fix], [])
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
      const { fix } = await import('./fix/fix.ts')
      exitCode = await fix(file, flags)
    })
  program
    .command('send')
    .description('send files from this computer to Kissmetrics, once and without AWS')
    .argument(
      '<file...>',
      'files of JSON lines or CSV, also .gz, .zip, .zst or .br; folders; or a FILE.rejected.jsonl that you have fixed',
    )
    .option('--columns <file>', COLUMNS_HELP)
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
      const { send } = await import('./send/send.ts')
      exitCode = await send(files, flags)
    })
  withDeploymentOptions(program.command('status'))
    .description('show the state of all imports, or one report in full')
    .argument('[key]', 'the key of the file in the bucket')
    .option('--watch', 'update when something changes, until Ctrl-C', false)
    .option('--all', 'show all files, not only the newest 20', false)
    .option('--json', JSON_DOCUMENT, false)
    .option('--csv', 'write a CSV table to stdout', false)
    .addHelpText('after', afterHelp('npx km-import status incoming/accounts.json'))
    .action(async (key: string | undefined, flags: StatusFlags) => {
      const { status } = await import('./status/status.ts')
      exitCode = await status(key, flags)
    })
  addSafety(program, afterHelp, (code) => {
    exitCode = code
  })
  withDeploymentOptions(program.command('canary'))
    .description('send one marked event through the whole importer, and say where to look for it in Kissmetrics')
    .option('--timeout <seconds>', 'how long to wait for its report', '120')
    .option('-y, --yes', 'send without asking', false)
    .option('--json', JSON_DOCUMENT, false)
    .addHelpText(
      'after',
      afterHelp('npx km-import canary --stack KissmetricsImporter', {
        0: 'the endpoint accepted the event',
        1: 'it was not delivered in time',
        2: 'cannot run, or not confirmed',
      }),
    )
    .action(async (flags: CanaryFlags) => {
      const { canary } = await import('./canary/canary.ts')
      exitCode = await canary(flags)
    })
  withDeploymentOptions(program.command('reconcile'))
    .description('compare a data export of Kissmetrics with what was sent, and find the lines that are missing in it')
    .argument('<dir>', 'folder of the export: "revisions" and index.csv')
    .argument('[file...]', 'files that were sent (default: all files that the importer has imported)')
    .option('-o, --output <file>', 'new file for the missing lines', 'missing.jsonl')
    .option('--json', JSON_DOCUMENT, false)
    .option('--csv', 'write a CSV table by event and day to stdout', false)
    .addHelpText(
      'after',
      afterHelp('npx km-import reconcile ./export exports/*.jsonl', {
        0: 'everything is in the export',
        1: 'lines are missing in the export',
        2: 'a file cannot be read',
      }),
    )
    .action(async (folder: string, files: string[], flags: ReconcileFlags) => {
      const { reconcile } = await import('./reconcile/reconcile.ts')
      exitCode = await reconcile(folder, files, flags)
    })
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
      const { doctor } = await import('./doctor/doctor.ts')
      exitCode = await doctor(flags)
    })
  withDeploymentOptions(program.command('console'))
    .description('open a page in the browser: import files, follow them, fix rejected lines and send them again')
    .option('--port <number>', 'port of the page (default: any free port)')
    .addHelpText('after', afterHelp('npx km-import console --stack KissmetricsImporter'))
    .action(async (flags: ConsoleFlags) => {
      const { console } = await import('./console/console.ts')
      exitCode = await console(flags)
    })
  addControl(program, (code) => {
    exitCode = code
  })
  addRejects(program, (code) => {
    exitCode = code
  })
  addRulesCommands(program, (code) => {
    exitCode = code
  })
  addCompletion(program)
  const [first, second, ...words] = argv
  if (first === 'complete' && second === '--') {
    const { completionsFor } = await import('./completion/complete.ts')
    process.stdout.write(completionsFor(program, words))
    return exitCode
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
    const message = error instanceof SetupError ? error.message : awsErrorText(error)
    if (message === undefined) throw error
    process.stderr.write(`${messageText(`km-import: ${printableLines(message)}`, process.stderr)}\n`)
    return EXIT.unusable
  }
}

/** Every help ends with an example that works when it is pasted. */
function afterHelp(example: string, exitCodes: Readonly<Record<number, string>> = {}): string {
  const rows = Object.entries(exitCodes).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}\n`)
  return `\nExample:\n  ${example}\n${rows.length === 0 ? '' : `\nExit codes:\n${rows.join('')}`}`
}

/** Leaves out "(default: false)", which is true of every flag. */
function optionDescription(option: Option): string {
  return option.defaultValue === false ? option.description : new Help().optionDescription(option)
}
