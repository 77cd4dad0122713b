import { printable } from '../terminal/output.ts'

/** What to tell the user about a failed request to AWS. @returns undefined if the error does not come from the AWS SDK */
export function awsErrorText(error: unknown): string | undefined {
  const missing = missingSetupText(error)
  if (missing !== undefined) return missing
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  return (
    `A request to S3 or SQS failed (${printable(`${error.name}: ${error.message}`)}). Nothing was lost. ` +
    'Check the network, region, credentials and permissions, then run the command again.'
  )
}

/** What the SDK needs from the environment, and how to give it. @returns undefined if that is not what is missing */
export function missingSetupText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.message === 'Region is missing')
    return 'No AWS region is set. Set it (export AWS_REGION=us-east-1), or name a profile that has one (export AWS_PROFILE=NAME).'
  if (error.name === 'CredentialsProviderError')
    return (
      `There are no AWS credentials (${printable(error.message)}). Name a profile that has some (export AWS_PROFILE=NAME; aws sso login renews it), ` +
      'or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
    )
  return undefined
}
