import type { Command } from 'commander'
import { DEFAULT_STATE_DIR } from '../local/options.ts'

/** Adds the options that choose an importer. */
export function withDeploymentOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'name of the deployed stack (default: the importer on this computer)')
    .option('--state-dir <dir>', 'state folder of the importer on this computer', DEFAULT_STATE_DIR)
}
