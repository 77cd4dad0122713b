import { SetupError } from '../../lambda/errors.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { areSameRules } from '../rules/given-rules.ts'
import { displayPath } from '../terminal/display-path.ts'
import { counted, printable } from '../terminal/output.ts'
import type { SentFile } from './files.ts'
import type { SendState } from './state.ts'

/**
 * An interrupted send continues with the rules that it began with: otherwise one half of a file would be sent in another form than the other.
 *
 * @throws SetupError if other rules are given
 */
export function requireSameRules(file: SentFile, { checkpoint }: Pick<SendState, 'checkpoint'>, rules: readonly Rule[]): void {
  if (checkpoint === undefined) return
  const begun = checkpoint.rules ?? []
  if (areSameRules(begun, rules)) return
  const which = begun.length === 0 ? 'without rules' : `with ${counted(begun.length, 'rule')}: ${namesOf(begun)}`
  throw new SetupError(
    `The send of ${file.name} was interrupted, and it had begun ${which}. Nothing was sent now. To continue it, use the same --rules, --fix and --columns as before. ` +
      `To begin at the first line, delete ${printable(displayPath(file.statePath))}; lines that were sent with other rules are then sent a second time.`,
  )
}

function namesOf(rules: readonly Rule[]): string {
  return rules.map(({ fix }) => printable(fix)).join(', ')
}
