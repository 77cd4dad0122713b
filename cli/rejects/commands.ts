import { Command } from 'commander'
import { SetupError } from '../../lambda/errors.ts'
import type { ExitCode } from '../terminal/exit.ts'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { FilterFlags } from './filter.ts'
import { FIXES_HELP } from './fix.ts'
import type { ListFlags } from './list.ts'
import type { ArchiveFlags } from './archive.ts'
import type { PullFlags } from './pull.ts'
import type { ReplayFlags } from './replay.ts'

type EndWith = (code: ExitCode) => void
type ReplayCommandFlags = ReplayFlags & FilterFlags & { readonly allValid: boolean }

/** `km-import rejects …`: what came back, and how it goes out again. */
export function addRejects(program: Command, endWith: EndWith): void {
  const rejects = program
    .command('rejects')
    .description('look at lines that came back, mend them, and send them again')
    .addHelpText(
      'after',
      '\nExample:\n  npx km-import rejects pull -o rejects.jsonl\n  (mend rejects.jsonl in an editor)\n  npx km-import rejects replay rejects.jsonl\n',
    )
  addList(rejects, endWith)
  addPull(rejects, endWith)
  addReplay(rejects, endWith)
  addArchive(rejects, endWith)
}

/** Loaded only when it is typed: whoever asks for help does not wait for it. */
function addList(rejects: Command, endWith: EndWith): void {
  chosen(withDeploymentOptions(rejects.command('list')))
    .description('what waits, by reason, drop and day')
    .option('--json', 'write one JSON document to stdout, and nothing else there', false)
    .option('--csv', 'write a table for a spreadsheet to stdout', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects list --reason invalid_timestamp\n')
    .action(async (flags: ListFlags) => {
      const { list } = await import('./list.ts')
      endWith(await list(flags))
    })
}

function addPull(rejects: Command, endWith: EndWith): void {
  chosen(withDeploymentOptions(rejects.command('pull')))
    .description('write what waits as JSON lines for an editor; it stays in the queue until it is replayed')
    .option('-o, --output <file>', 'file to write (default: stdout)')
    .option(
      '--fix <fix>',
      `mend what is commonly wrong: ${FIXES_HELP}; can be given several times`,
      (fix, fixes: string[]) => [...fixes, fix],
      [],
    )
    .option('--archived', 'also what was put away, or set aside after three replays', false)
    .option('--csv', 'write a table for a spreadsheet, which cannot be replayed', false)
    .option('-y, --yes', 'do not ask before mended lines are written', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects pull --fix ms-timestamps -o rejects.jsonl\n')
    .action(async (flags: PullFlags) => {
      const { pull } = await import('./pull.ts')
      endWith(await pull(flags))
    })
}

function addReplay(rejects: Command, endWith: EndWith): void {
  chosen(withDeploymentOptions(rejects.command('replay')))
    .description('send mended lines: checked, dropped as a new file, and only then taken out of the queue')
    .argument('[file]', 'a file that was pulled, and mended')
    .option('--all-valid', 'instead of a file: everything in the queue that is valid by now', false)
    .option('--archived', 'with --all-valid: also what was put away or set aside', false)
    .option('-y, --yes', 'do not ask', false)
    .addHelpText('after', '\nExample:\n  npx km-import rejects replay rejects.jsonl\n')
    .action(async (file: string | undefined, flags: ReplayCommandFlags) => {
      if ((file === undefined) !== flags.allValid)
        throw new SetupError(
          'Name either the file that was pulled and mended, or --all-valid: km-import rejects replay rejects.jsonl',
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
  chosen(withDeploymentOptions(rejects.command('archive')))
    .description('move what waits into the bucket, where nothing expires: whatever is ten days old, or what is chosen')
    .option('--older-than <days>', 'only what waits for so many days')
    .addHelpText('after', '\nExample:\n  npx km-import rejects archive --reason unsupported_format\n')
    .action(async (flags: ArchiveFlags) => {
      const { archive } = await import('./archive.ts')
      endWith(await archive(flags))
    })
}

function chosen(command: Command): Command {
  return command
    .option('--reason <code>', 'only what came back for that reason')
    .option('--key <key>', 'only what came from that drop')
}
