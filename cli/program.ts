import { Command } from 'commander'
import about from '../package.json' with { type: 'json' }
import { addBackfill } from './backfill/commands.ts'
import { addCanary } from './canary/commands.ts'
import { addCompletion } from './completion/commands.ts'
import { addConsole } from './console/commands.ts'
import { addControl } from './control/commands.ts'
import { addDoctor } from './doctor/commands.ts'
import { addFix } from './fix/commands.ts'
import { addLocal } from './local/commands.ts'
import { addPreview } from './preview/commands.ts'
import { addReconcile } from './reconcile/commands.ts'
import { addRejects } from './rejects/commands.ts'
import { addRulesCommands } from './rules/commands.ts'
import { addSafety } from './safety/commands.ts'
import { addSend } from './send/commands.ts'
import { addStatus } from './status/commands.ts'
import { printableLines } from './terminal/escape.ts'
import type { EndWith } from './terminal/exit.ts'
import { optionDescription, subcommandTerm } from './terminal/help.ts'
import { addVerify } from './verify/commands.ts'

/** The command line, without what it does: the options of each command are in the folder of its name. */
export function createProgram(endWith: EndWith): Command {
  const program = new Command('npx km-import')
    .description('Imports files of JSON lines into Kissmetrics. Each line is delivered, or rejected with a reason.')
    .version(about.version)
    .addHelpText('after', '\nExample:\n  npx km-import preview exports/*.jsonl\n  npx km-import send exports/*.jsonl\n')
    .showHelpAfterError('(Use --help to see commands and options.)')
    .configureHelp({ optionDescription, subcommandTerm })
    .exitOverride()
    .enablePositionalOptions() // `cancel --version` is the version of a file
    .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) }) // quotes what the user typed
  addCommands(program, endWith)
  return program
}

/** The help shows the commands in this order: by how often they are needed. */
function addCommands(program: Command, endWith: EndWith): void {
  program.commandsGroup('Import files:')
  addPreview(program, endWith)
  addSend(program, endWith)
  addFix(program, endWith)
  addLocal(program, endWith)
  program.commandsGroup('Follow imports, in local mode or on AWS:')
  addConsole(program, endWith)
  addStatus(program, endWith)
  addRejects(program, endWith)
  addRulesCommands(program, endWith)
  program.commandsGroup('Control imports:')
  addSafety(program, endWith)
  addControl(program, endWith)
  program.commandsGroup('Check:')
  addDoctor(program, endWith)
  addVerify(program, endWith)
  addCanary(program, endWith)
  addReconcile(program, endWith)
  addBackfill(program, endWith)
  program.commandsGroup('Help:')
  addCompletion(program)
  program.helpCommand(true) // else it would have a group of its own
}
