import { s3Documents } from '../../lambda/adapters/s3-documents.ts'
import { parseBrake, type Brake } from '../../lambda/control/brake.ts'
import { BRAKE_KEY } from '../../lambda/keys.ts'
import type { Deployment } from '../deployment/deployment.ts'

type Place = Pick<Deployment, 's3' | 'bucket'>

/** How often a change is tried again because another person gives an order at the same time. */
const MAX_TRIES = 10

/** @throws NewerVersionError, SetupError for a damaged document, or the error of S3 */
export async function currentBrake({ s3, bucket }: Place): Promise<Brake> {
  return parseBrake(await s3Documents(s3, bucket).find({ bucket, key: BRAKE_KEY }))
}

/**
 * Changes what all invocations are ordered.
 *
 * @param change returns the brake unchanged if there is nothing to do
 * @returns the brake that is stored now
 * @throws NewerVersionError, SetupError for a damaged document, or the error of S3
 */
export async function changeBrake({ s3, bucket }: Place, change: (brake: Brake) => Brake): Promise<Brake> {
  const documents = s3Documents(s3, bucket)
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const found = await documents.find({ bucket, key: BRAKE_KEY })
    const brake = parseBrake(found)
    const changed = change(brake)
    if (changed === brake || (await documents.put({ bucket, key: BRAKE_KEY }, changed, found?.tag)) !== undefined) return changed
  }
  throw new Error(`${BRAKE_KEY} is changed by others again and again.`)
}
