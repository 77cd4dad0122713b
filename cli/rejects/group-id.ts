import { createHash } from 'node:crypto'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'

/** A line of a group, as the id of a row names it. */
export interface GroupLine {
  /** Id of the group. */
  readonly group: string
  /** From 1. */
  readonly line: number
}

/**
 * Identifies a group of rejected lines: the lines of one version of a file that were rejected for one reason.
 *
 * It is not the id of a message: a redrive gives the dead letter another one, and a run that was killed can leave two dead letters about the
 * same group.
 */
export function groupIdOf({ source: { bucket, key, versionId, etag }, reason }: DeadLetter): string {
  return createHash('sha256')
    .update(JSON.stringify([bucket, key, versionId, etag, reason]))
    .digest('hex')
    .slice(0, 32)
}

/** The id of the row of a line of a group. */
export function groupLineId({ group, line }: GroupLine): string {
  return `group-${group}-${line}`
}

/** @returns undefined if the row is about a dead letter of its own */
export function groupLineOf(id: string): GroupLine | undefined {
  const [, group = '', line = ''] = /^group-([0-9a-f]{32})-([1-9]\d{0,14})$/.exec(id) ?? []
  return group === '' ? undefined : { group, line: Number(line) }
}

/** One line of a group as a dead letter of its own, without its text. */
export function deadLetterOfLine({ group: _group, ...deadLetter }: DeadLetter, line: number): DeadLetter {
  return { ...deadLetter, kind: 'line', source: { ...deadLetter.source, line } }
}
