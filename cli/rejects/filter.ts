import { SetupError } from '../../lambda/errors.ts'
import { REASONS } from '../../lambda/reasons.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import { keysOf, MESSAGE_REASONS, reasonOf } from './content.ts'
import type { StoredDeadLetter } from './stored-dead-letter.ts'

/** Options that select dead letters. */
export interface FilterFlags {
  readonly reason?: string
  readonly key?: string
  /** Include what was archived by a person or quarantined. */
  readonly archived?: boolean
}

/**
 * @param deploymentOptions options that choose the deployment, for the command in the error
 * @returns whether a dead letter is selected
 * @throws SetupError if the reason is unknown
 */
export function filterOf(
  { reason, key, archived = false }: FilterFlags,
  deploymentOptions: string,
): (deadLetter: StoredDeadLetter) => boolean {
  const known = [...Object.keys(REASONS), ...Object.keys(MESSAGE_REASONS)]
  if (reason !== undefined && !known.includes(reason))
    throw new SetupError(
      `--reason is "${reason}": this reason does not exist. To see the reasons of your dead letters, run: npx km-import rejects list${deploymentOptions}. docs/reasons.md lists all of them.`,
    )
  return ({ content, isIncludedByDefault }) =>
    (isIncludedByDefault || archived) &&
    (reason === undefined || reasonOf(content) === reason) &&
    (key === undefined || keysOf(content).some((each) => each === key || each === `incoming/${key}`))
}

/** The same options, for a command in a hint. */
export function filterOptionsOf({ reason, key, archived = false }: FilterFlags): string {
  return [
    ...(reason === undefined ? [] : [` --reason ${shellWord(reason)}`]),
    ...(key === undefined ? [] : [` --key ${shellWord(printable(key))}`]),
    ...(archived ? [' --archived'] : []),
  ].join('')
}
