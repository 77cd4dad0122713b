import type { Command } from 'commander'
import { DEFAULT_STATE_DIR } from '../local/options.ts'

/** The flags that say which importer a command is about. */
export function withDeploymentOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'name of the deployed stack (default: the importer that runs on this computer)')
    .option('--state-dir <dir>', 'folder of its state, where it runs on this computer', DEFAULT_STATE_DIR)
}
