import { printable } from '../terminal/output.ts'

/** What to tell the user about a failed request to AWS. @returns undefined if the error does not come from the AWS SDK */
export function awsErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('$metadata' in error || error.name === 'CredentialsProviderError')) return undefined
  return (
    `A request to S3 or SQS failed (${printable(`${error.name}: ${error.message}`)}). Nothing was lost. ` +
    'Check the network, region, credentials and permissions, then run the command again.'
  )
}
