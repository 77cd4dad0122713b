import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { SetupError } from '../../lambda/errors.ts'
import { replayOriginsKey } from '../../lambda/keys.ts'
import { replayOrigins } from '../../lambda/settle/replay-origins.ts'
import type { Deployment } from '../deployment/deployment.ts'
import type { ReplayRun } from './replay-records.ts'
import type { EditedLine, FindDeadLetter } from './replay-upload.ts'

/**
 * Stores which dead letter each line of a file replaces, before the file is uploaded. So the importer can close them when the lines are
 * delivered, and a line that is rejected again keeps its origin.
 */
export async function writeOrigins(
  { s3, bucket }: Pick<Deployment, 's3' | 'bucket'>,
  { run }: Pick<ReplayRun, 'run'>,
  lines: readonly EditedLine[],
  findDeadLetter: FindDeadLetter,
): Promise<void> {
  const replaced = lines.flatMap(({ id }) => findDeadLetter(id) ?? [])
  if (replaced.length < lines.length) return // a message of another program has no origin
  const documents = s3Documents(s3)
  const key = { bucket, key: replayOriginsKey(run) }
  const tag = await documents.put(key, replayOrigins(replaced), undefined)
  // The run is new, so there is no earlier document. If S3 refuses the write, an earlier try of the SDK has usually stored it.
  if (tag === undefined && (await documents.find(key)) === undefined)
    throw new SetupError('S3 has refused to store the origins of the lines. Nothing was sent. Run the command again.')
}
