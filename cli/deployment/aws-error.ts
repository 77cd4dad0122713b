import { printable } from '../terminal/output.ts'

/** What S3, SQS or the way to them refused, as a person can mend it. @returns undefined where it was none of them */
export function awsErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('$metadata' in error || error.name === 'CredentialsProviderError')) return undefined
  return (
    `S3 or SQS did not do what was asked (${printable(`${error.name}: ${error.message}`)}). ` +
    'Nothing is lost. Check network, region, credentials and permissions, then give the same command again.'
  )
}
