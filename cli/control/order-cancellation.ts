import { s3Reports } from '../../lambda/adapters/s3-documents.ts'
import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import { MAX_CANCELLATIONS, withCancellation, type Brake } from '../../lambda/control/brake.ts'
import { SetupError } from '../../lambda/errors.ts'
import type { SourceFile } from '../../lambda/intake/source-file.ts'
import { newTask, taskBody } from '../../lambda/intake/task.ts'
import { reportKey, versionOf } from '../../lambda/keys.ts'
import { isFinal } from '../../lambda/report/report.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { changeBrake, currentBrake } from './brake-document.ts'

/** Orders that the import of a version ends, and queues a task that ends the import at once, even if its own messages wait, or were lost. */
export async function orderCancellation(
  { s3, sqs, bucket, importQueueUrl }: Deployment,
  file: SourceFile,
  deploymentOptions = '',
): Promise<void> {
  const cancellation = { key: file.key, version: versionOf(file), at: new Date().toISOString() }
  const settled = await finishedCancellations({ s3, bucket })
  await changeBrake({ s3, bucket }, (brake) => {
    const changed = withCancellation(without(brake, settled), cancellation)
    if (changed !== undefined) return changed
    throw new SetupError(
      `${MAX_CANCELLATIONS} files are being cancelled already. Wait until their imports have ended, and cancel this one then. ` +
        `To stop everything at once: npx km-import pause${deploymentOptions}`,
    )
  })
  await sqsImportQueue(sqs, importQueueUrl).send(taskBody({ ...newTask(file), foundBySearch: true }), 0)
}

/** Cancellations whose files have a final report. Nothing imports them again, so they need not be ordered any more. */
async function finishedCancellations({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>): Promise<ReadonlySet<string>> {
  const { cancelled } = await currentBrake({ s3, bucket })
  const finished = new Set<string>()
  await Promise.all(
    cancelled.map(async ({ key, version }) => {
      const found = await s3Reports(s3).find(bucket, reportKey({ bucket, key, versionId: version }))
      if (found !== undefined && isFinal(found.report)) finished.add(nameOf({ key, version }))
    }),
  )
  return finished
}

function without(brake: Brake, names: ReadonlySet<string>): Brake {
  return names.size === 0 ? brake : { ...brake, cancelled: brake.cancelled.filter((each) => !names.has(nameOf(each))) }
}

const nameOf = ({ key, version }: { readonly key: string; readonly version: string }) => JSON.stringify([key, version])
