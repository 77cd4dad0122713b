import { HeadObjectCommand, NotFound } from '@aws-sdk/client-s3'
import type { Deployment } from './deployment.ts'

/** Whether the bucket has an object with this key. */
export async function objectExists({ s3, bucket }: Pick<Deployment, 's3' | 'bucket'>, key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
    return true
  } catch (error) {
    if (error instanceof NotFound) return false
    throw error
  }
}
