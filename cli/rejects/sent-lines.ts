import { countLines, type LineRanges } from '../../lambda/common/line-ranges.ts'
import { NewerVersionError } from '../../lambda/errors.ts'
import { takenLines } from '../../lambda/settle/closed-groups.ts'
import type { DeadLetter } from '../../lambda/settle/dead-letter.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { GroupSends } from './group-sends.ts'

/** The dead letter of a group: which lines, and why they were rejected. */
export type GroupLetter = Pick<DeadLetter, 'source' | 'reason'>

/** The lines of a group that replays have sent, or are sending. @throws NewerVersionError, or the error of S3 */
export async function sentLinesOf(deployment: Pick<Deployment, 's3' | 'bucket'>, group: GroupLetter): Promise<LineRanges> {
  return takenLines(await new GroupSends(deployment, group).read(), group.reason)
}

/** How many they are; 0 if only a newer version can tell. @throws the error of S3 */
export async function countSentLines(deployment: Pick<Deployment, 's3' | 'bucket'>, group: GroupLetter): Promise<number> {
  try {
    return countLines(await sentLinesOf(deployment, group))
  } catch (error) {
    // A list helps after a rollback too: it shows all lines of the group.
    if (error instanceof NewerVersionError) return 0
    throw error
  }
}
