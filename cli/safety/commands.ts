import type { Command } from 'commander'
import type { PersonDecision } from '../../lambda/jobs/safety-decision.ts'
import { withDeploymentOptions } from '../deployment/options.ts'
import type { EndWith } from '../terminal/exit.ts'
import { afterHelp, JSON_DOCUMENT } from '../terminal/help.ts'
import type { DecideFlags } from './decide.ts'

/** Adds `release` and `discard`. */
export function addSafety(program: Command, endWith: EndWith): void {
  const add = (name: string, decision: PersonDecision, description: string): void => {
    withDeploymentOptions(program.command(name))
      .description(description)
      .argument('<key>', 'the key of the file in the bucket')
      .option('--file-version <version>', 'the version of the file, if a newer one has arrived since it was held')
      .option('--json', JSON_DOCUMENT, false)
      .addHelpText(
        'after',
        afterHelp(`npx km-import ${name} incoming/accounts.json`, {
          0: decision,
          2: `cannot be ${decision}: the message says why`,
        }),
      )
      .action(async (key: string, flags: DecideFlags) => {
        const { decide } = await import('./decide.ts')
        endWith(await decide(key, decision, flags))
      })
  }
  add('release', 'released', 'import a file that the safety check has held')
  add('discard', 'discarded', 'do not import a file that the safety check has held; nothing of it is sent')
}
