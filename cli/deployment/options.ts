import type { Command } from 'commander'
import { DEFAULT_STATE_DIR } from '../local/options.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import type { DeploymentFlags } from './deployment.ts'

/** Adds the options that choose an importer. */
export function withDeploymentOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'name of the deployed stack (default: the importer on this computer)')
    .option('--state-dir <dir>', 'state folder of the importer on this computer', DEFAULT_STATE_DIR)
}

/** The options that choose an importer, to append to a command in a hint: ` --stack NAME`, or nothing for the default. */
export function deploymentOptionsOf({ stack, stateDir }: DeploymentFlags): string {
  if (stack !== undefined) return ` --stack ${shellWord(printable(stack))}`
  return stateDir === DEFAULT_STATE_DIR ? '' : ` --state-dir ${shellWord(printable(stateDir))}`
}
