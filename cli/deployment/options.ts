import type { Command } from 'commander'
import { DEFAULT_STATE_DIR } from '../local/options.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import type { DeploymentFlags } from './deployment.ts'

/** The flags that say which importer a command is about. */
export function withDeploymentOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'name of the deployed stack (default: the importer that runs on this computer)')
    .option('--state-dir <dir>', 'folder of its state, where it runs on this computer', DEFAULT_STATE_DIR)
}

/** The same flags, as they are typed after a command in a hint: ` --stack NAME`, or nothing for the default. */
export function deploymentOptionsOf({ stack, stateDir }: DeploymentFlags): string {
  if (stack !== undefined) return ` --stack ${shellWord(stack)}`
  return stateDir === DEFAULT_STATE_DIR ? '' : ` --state-dir ${shellWord(printable(stateDir))}`
}
