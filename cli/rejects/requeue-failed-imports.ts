import { sqsImportQueue } from '../../lambda/adapters/sqs.ts'
import type { Deployment } from '../deployment/deployment.ts'
import { scanDeadLetters, type ScanOptions } from './scan.ts'

/**
 * Sends failed imports to the import queue again. If it is interrupted, a message can be in both queues; that is harmless, because the
 * importer continues from its checkpoints.
 *
 * @param bodies message bodies by message id
 * @returns how many were still there
 */
export async function requeueFailedImports(
  deployment: Deployment,
  bodies: ReadonlyMap<string, string>,
  signal: AbortSignal,
  options: ScanOptions = {},
): Promise<number> {
  await using selection = await scanDeadLetters(deployment, ({ id }) => bodies.has(id), signal, options)
  const queue = sqsImportQueue(deployment.sqs, deployment.importQueueUrl)
  let requeued = 0
  for (const [id, body] of bodies) {
    if (!selection.has(id) || signal.aborted) continue
    await queue.send(body, 0)
    await selection.remove([id])
    requeued += 1
  }
  return requeued
}
