import type { SourceFile } from '../intake/source-file.ts'
import { closedLinesKey } from '../keys.ts'
import { readClosedGroups, withClosedGroups, type ClosedGroup } from '../settle/closed-groups.ts'
import type { DeadLetter } from '../settle/dead-letter.ts'
import { changeDocument, countOrNote, type ClosePorts } from './close-lines.ts'

/**
 * Closes the lines of discarded dead letters that are about many lines: the reports of their files no longer count them as open. Closing a group
 * twice changes nothing. Other dead letters are left out.
 *
 * @throws NewerVersionError, SetupError, or the error of S3
 */
export async function closeGroups(deadLetters: readonly DeadLetter[], ports: ClosePorts): Promise<void> {
  for (const { source: file, reason, group } of deadLetters)
    if (group !== undefined) await closeGroup(file, { reason, lines: group.lines }, ports)
}

async function closeGroup(file: SourceFile, closed: ClosedGroup, ports: ClosePorts): Promise<void> {
  const key = closedLinesKey(file, 'groups')
  const groups = await changeDocument(
    { bucket: file.bucket, key },
    (value) => readClosedGroups(value, key),
    (earlier) => withClosedGroups(earlier, [closed]),
    ports,
  )
  await countOrNote(file, { parts: new Map(), groups }, ports)
}
