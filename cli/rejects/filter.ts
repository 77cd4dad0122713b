import { SetupError } from '../../lambda/errors.ts'
import { REASONS } from '../../lambda/reasons.ts'
import type { Reject } from './collect.ts'
import { keyOf, OTHER_REASONS, reasonOf } from './content.ts'

/** Flags that choose among dead letters. */
export interface FilterFlags {
  readonly reason?: string
  readonly key?: string
  /** Also what was put away. */
  readonly archived?: boolean
}

/** @returns whether a dead letter is meant @throws SetupError where there is no such reason */
export function filterOf({ reason, key, archived = false }: FilterFlags): (reject: Reject) => boolean {
  const known = [...Object.keys(REASONS), ...Object.keys(OTHER_REASONS)]
  if (reason !== undefined && !known.includes(reason))
    throw new SetupError(
      `--reason is "${reason}": there is no such reason. docs/reasons.md lists all; km-import rejects list shows those that are there.`,
    )
  return ({ content, isInAll }) =>
    (isInAll || archived) &&
    (reason === undefined || reasonOf(content) === reason) &&
    (key === undefined || keyOf(content) === key || keyOf(content) === `incoming/${key}`)
}
