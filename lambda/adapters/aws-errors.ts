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

/** What only a person can fix, by the names that S3, SQS, Secrets Manager and KMS give it. */
const CAUSES: readonly {
  readonly name: RegExp
  /** In the message of the service. Some give a denied key no name of its own. */
  readonly message?: RegExp
  /** What is wrong, and the cure. */
  readonly because: string
}[] = [
  {
    name: /^(KMS\.|Kms).*AccessDenied|^DecryptionFailure$/i,
    because: 'its role may not use the KMS key. Allow it kms:Decrypt and kms:GenerateDataKey in the policy of that key',
  },
  {
    name: /^(AccessDenied|AccessDeniedException)$/,
    message: /\bkms\b/i,
    because: 'its role may not use the KMS key. Allow it kms:Decrypt and kms:GenerateDataKey in the policy of that key',
  },
  {
    name: /^(KMS\.Disabled|KmsDisabled)/i,
    because: 'the KMS key is disabled. Enable it: aws kms enable-key --key-id KEY',
  },
  {
    name: /^(KMS\.KMSInvalidState|KMS\.InvalidState|KmsInvalidState)/i,
    because:
      'the KMS key is to be deleted, or not ready. Keep it: aws kms cancel-key-deletion --key-id KEY, then aws kms enable-key --key-id KEY',
  },
  {
    name: /^(KMS\.NotFound|KmsNotFound)/i,
    because: 'the KMS key does not exist. Choose another key for the bucket, the queue or the secret',
  },
  {
    name: /^(KMS\.InvalidKeyUsage|KmsInvalidKeyUsage|KmsOptInRequired|KMS\.KeyUnavailable|KmsKeyUnavailable)/i,
    because: 'the KMS key cannot be used. Choose a symmetric key of this region that is enabled',
  },
  {
    name: /^(AccessDenied|AccessDeniedException|AuthorizationErrorException|AllAccessDisabled|AccountProblem)$/,
    because:
      'its role has no permission. Deploy the stack again, and look for a policy of the resource or the organization that denies it',
  },
  { name: /^NoSuchBucket$/, because: 'the bucket does not exist. Deploy the stack again' },
  {
    name: /^(PermanentRedirect|AuthorizationHeaderMalformed)$/,
    because: 'the bucket is in another region. Deploy the stack in that one',
  },
  {
    name: /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/,
    because: 'the queue does not exist. Deploy the stack again under another name, which creates its queues, and copy the files',
  },
  {
    name: /^(InvalidAccessKeyId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidClientTokenId|InvalidSecurity|CredentialsProviderError)$/,
    because: 'AWS does not accept its credentials. Check them, and the clock of this computer',
  },
]

/**
 * Turns errors that only a person can fix (a permission, a key, a queue, a bucket) into SetupError, whose message says what is wrong and what
 * to do. Returns other errors unchanged.
 *
 * @param action what failed, as a verb phrase: `read KEY`
 */
export function asSetupError(error: unknown, action: string): unknown {
  if (!(error instanceof Error)) return error
  const name = s3ErrorName(error) || error.name
  const cause = CAUSES.find((each) => each.name.test(name) && (each.message?.test(error.message) ?? true))
  if (cause === undefined) return error
  return new SetupError(
    `The importer could not ${action} (${name}): ${cause.because}. Work waits, and continues by itself when this is fixed.`,
    { cause: error },
  )
}

/** Waits for a call, and throws its error as a SetupError if only a person can fix it. */
export async function orSetupError<T>(call: Promise<T>, action: string): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw asSetupError(error, action)
  }
}
