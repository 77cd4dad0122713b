import { Argument, type Command } from 'commander'
import type { Shell } from './completion.ts'

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish']

const HELP = `
To load it in each new shell:
  bash   echo 'source <(npx km-import completion bash)' >> ~/.bashrc
  zsh    echo 'source <(npx km-import completion zsh)' >> ~/.zshrc
  fish   add to config.fish: npx km-import completion fish | source

The script defines the command km-import too, which starts faster than with npx.

Example:
  npx km-import completion bash
`

/** Adds `completion`. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('write a script that completes commands and options when you press Tab')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts')
      process.stdout.write(completionScript(shell))
    })
}
