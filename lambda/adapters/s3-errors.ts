import { S3ServiceException } from '@aws-sdk/client-s3'
import { SetupError } from '../errors.ts'

/** A response to HEAD has no body that could name the error. */
const NAMES_BY_STATUS: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  412: 'PreconditionFailed',
}

/** The error code of S3, for example `NoSuchKey`. Empty for errors that are not from S3. */
export function s3ErrorName(error: unknown): string {
  if (!(error instanceof S3ServiceException)) return ''
  const { name, $metadata } = error
  return (name === 'Unknown' ? NAMES_BY_STATUS[$metadata.httpStatusCode ?? 0] : undefined) ?? name
}

/**
 * Turns errors that only a person can fix (permissions, bucket name) into SetupError. Returns other errors unchanged.
 *
 * @param action what failed, as a verb phrase: `read KEY`
 */
export function asSetupError(error: unknown, action: string): unknown {
  const name = s3ErrorName(error)
  if (name === 'AccessDenied' || name.startsWith('KMS.')) {
    return new SetupError(
      `The importer is not allowed to ${action} (${name}). Give its role access to the bucket and to its KMS key; then it continues by itself.`,
      { cause: error },
    )
  }
  if (name === 'NoSuchBucket')
    return new SetupError(`The importer could not ${action}: the bucket does not exist.`, { cause: error })
  return error
}
