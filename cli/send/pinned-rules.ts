import { isColumnsRule } from '../../lambda/rules/columns-rule.ts'
import { readRules } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { SetupError } from '../../lambda/errors.ts'
import { readImportRules } from '../../lambda/settle/import-rules-document.ts'
import { areSameRules } from '../rules/given-rules.ts'
import { displayPath } from '../terminal/display-path.ts'
import { printable } from '../terminal/output.ts'
import { readIfValid } from './atomic-file.ts'

/** Where a send keeps the rules that it had, if it had any. */
export function rulesPathOf(file: string): string {
  return `${file}.import-rules.json`
}

/**
 * The rules for fixed lines: those that their file was sent with, so that a value that is hashed there is hashed here too, and then the given ones.
 *
 * @param file whose rejected lines were fixed
 * @throws SetupError if they contradict each other, or NewerVersionError
 */
export async function rulesForFixed(file: string, given: readonly Rule[]): Promise<readonly Rule[]> {
  const document = readImportRules(await readIfValid(rulesPathOf(file)), rulesPathOf(file))
  // The rows of a CSV file are JSON lines by now.
  const pinned = (document?.rules ?? []).filter((rule) => !isColumnsRule(rule))
  const all = [...pinned, ...given.filter((rule) => !pinned.some((each) => areSameRules([each], [rule])))]
  const read = readRules(all)
  if (typeof read === 'string')
    throw new SetupError(
      `The given rules do not go together with those that ${printable(displayPath(file))} was sent with, which its fixed lines are sent with too. ${printable(read)} Leave out the given ones that contradict.`,
    )
  return all
}
