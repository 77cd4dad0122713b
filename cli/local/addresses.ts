import { devNull } from 'node:os'
import type { Credentials } from '../../emulators/signature.ts'

/** The bucket of local mode. */
export const BUCKET = 'local-files'

/**
 * Makes every AWS client of this process use the S3 and SQS emulators.
 *
 * Removes all `AWS_…` variables and ignores the user's config files first, so that no profile or endpoint of the user can send a request
 * to AWS.
 */
export function useEmulators(s3Url: string, sqsUrl: string, { accessKeyId, secretAccessKey }: Credentials): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_ENDPOINT_URL_SQS: sqsUrl,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  })
}
