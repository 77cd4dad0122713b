import { Command, Option } from 'commander'
import { SetupError } from '../../lambda/errors.ts'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { ExitCode } from '../terminal/exit.ts'
import type { ArchiveFlags } from './archive.ts'
import type { DiscardFlags } from './discard.ts'
import type { FilterFlags } from './filter.ts'
import { FIXES_TEXT } from './fix.ts'
import type { ListFlags } from './list.ts'
import type { PullFlags } from './pull.ts'
import type { ReplayFlags } from './replay.ts'

type EndWith = (code: ExitCode) => void
type ReplayCommandFlags = ReplayFlags & FilterFlags & { readonly allValid: boolean }

/** Adds `km-import rejects …`. Each command is loaded only when it runs, so that `--help` stays fast. */
export function addRejects(program: Command, endWith: EndWith): void {
  const rejects = program
    .command('rejects')
    .description('see rejected lines, fix them, and send them again')
    .addHelpText(
      'after',
      '\nA dead letter is a line or file that was rejected, stored with the reason. It\nstays until you send it again, archive it, discard it, or its time in the queue\nis over.\n\nExample:\n  npx km-import rejects pull -o rejects.jsonl\n  (fix the lines in rejects.jsonl with an editor)\n  npx km-import rejects replay rejects.jsonl\n',
    )
  addList(rejects, endWith)
  addPull(rejects, endWith)
  addReplay(rejects, endWith)
  addArchive(rejects, endWith)
  addDiscard(rejects, endWith)
}

function addList(rejects: Command, endWith: EndWith): void {
  withFilterOptions(withDeploymentOptions(rejects.command('list')))
    .description('show the dead letters by reason, file and day')
    .addOption(new Option('--json', 'write one JSON document to stdout, and nothing else there').default(false).conflicts('csv'))
    .option('--csv', 'write a table for a spreadsheet to stdout', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects list --reason invalid_timestamp\n')
    .action(async (flags: ListFlags) => {
      const { list } = await import('./list.ts')
      endWith(await list(flags))
    })
}

function addPull(rejects: Command, endWith: EndWith): void {
  withFilterOptions(withDeploymentOptions(rejects.command('pull')))
    .description('write dead letters as JSON lines to edit; they stay in the queue until you replay them')
    .option('-o, --output <file>', 'file to write (default: stdout)')
    .addOption(
      new Option('--fix <fix>', 'fix a common mistake in all lines (see below); can be given several times')
        .default([], 'none')
        .argParser((fix, fixes: readonly string[]) => [...fixes, fix]),
    )
    .option('--archived', 'include archived and quarantined dead letters', false)
    .option('--csv', 'write a table for a spreadsheet, which cannot be replayed', false)
    .option('-y, --yes', 'do not ask before fixed lines are written', false)
    .addHelpText('after', `\n${FIXES_TEXT}`)
    .addHelpText('after', '\nExample:\n  npx km-import rejects pull --fix ms-timestamps -o rejects.jsonl\n')
    .action(async (flags: PullFlags) => {
      const { pull } = await import('./pull.ts')
      endWith(await pull(flags))
    })
}

function addReplay(rejects: Command, endWith: EndWith): void {
  withFilterOptions(withDeploymentOptions(rejects.command('replay')))
    .description('send fixed lines: validates them, uploads them as a new file, then removes their dead letters')
    .argument('[file]', 'a file that rejects pull has written, with fixed lines')
    .option('--all-valid', 'instead of a file: all dead letters that are valid by now', false)
    .option('--archived', 'with --all-valid: include archived and quarantined dead letters', false)
    .option('-y, --yes', 'do not ask', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects replay rejects.jsonl\n')
    .action(async (file: string | undefined, flags: ReplayCommandFlags) => {
      if ((file === undefined) !== flags.allValid)
        throw new SetupError(
          'Name either a file that rejects pull has written, or --all-valid. For example: npx km-import rejects replay rejects.jsonl',
        )
      if (file !== undefined && (flags.reason ?? flags.key ?? (flags.archived || undefined)) !== undefined)
        throw new SetupError(
          '--reason, --key and --archived choose dead letters for --all-valid. To send only some lines of a file, delete the other rows from it.',
        )
      if (file === undefined) {
        const { replayValid } = await import('./replay-valid.ts')
        endWith(await replayValid(flags))
      } else {
        const { replay } = await import('./replay.ts')
        endWith(await replay(file, flags))
      }
    })
}

function addArchive(rejects: Command, endWith: EndWith): void {
  withFilterOptions(withDeploymentOptions(rejects.command('archive')))
    .description('move dead letters to the bucket, where they do not expire: those older than 10 days, or those you select')
    .option('--older-than <days>', 'only dead letters that are at least this old (default: 10, or 0 with --reason or --key)')
    .addHelpText('after', '\nExample:\n  npx km-import rejects archive --reason unsupported_format\n')
    .action(async (flags: ArchiveFlags) => {
      const { archive } = await import('./archive.ts')
      endWith(await archive(flags))
    })
}

function addDiscard(rejects: Command, endWith: EndWith): void {
  withFilterOptions(withDeploymentOptions(rejects.command('discard')))
    .description(
      'decide that rejected lines are not sent: their report no longer counts them as open; a copy stays in the bucket',
    )
    .option('--archived', 'include archived and quarantined dead letters', false)
    .option('-y, --yes', 'do not ask', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects discard --key incoming/orders.json --reason invalid_json\n')
    .action(async (flags: DiscardFlags) => {
      const { discard } = await import('./discard.ts')
      endWith(await discard(flags))
    })
}

function withFilterOptions(command: Command): Command {
  return command
    .option('--reason <code>', 'only dead letters with this reason, e.g. invalid_json')
    .option('--key <key>', 'only dead letters from this file, e.g. incoming/orders.json')
}
