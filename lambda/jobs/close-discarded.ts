import type { DeadLetter } from '../settle/dead-letter.ts'
import { lineOfDeadLetter } from '../settle/replay-origins.ts'
import { closeGroups } from './close-groups.ts'
import { closeLines, type ClosePorts } from './close-lines.ts'

/**
 * Closes what discarded dead letters are about: the reports of their files no longer count these lines as open. Closing them twice changes
 * nothing.
 *
 * @throws NewerVersionError, SetupError, or the error of S3
 */
export async function closeDiscarded(deadLetters: readonly DeadLetter[], ports: ClosePorts): Promise<void> {
  const lines = deadLetters.flatMap((deadLetter) => lineOfDeadLetter(deadLetter) ?? [])
  await closeLines(
    lines.map((line) => ({ ...line, as: 'discarded' })),
    ports,
  )
  await closeGroups(deadLetters, ports)
}
