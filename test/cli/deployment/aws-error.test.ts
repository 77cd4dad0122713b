import { expect, test } from '@jest/globals'
import { SQSServiceException } from '@aws-sdk/client-sqs'
import { awsErrorText } from '../../../cli/deployment/aws-error.ts'
import { SetupError } from '../../../lambda/errors.ts'

const CHECK = 'Nothing was lost. Check the network, region, credentials and permissions, then run the command again.'

test('an error of a service is shown with its name and message', () => {
  const error = new SQSServiceException({ name: 'AccessDenied', message: 'no\nway', $fault: 'client', $metadata: {} })
  expect(awsErrorText(error)).toBe(String.raw`A request to S3 or SQS failed (AccessDenied: no\u000away). ${CHECK}`)
})

test('missing credentials are such an error too', () => {
  const error = Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' })
  expect(awsErrorText(error)).toContain('(CredentialsProviderError: Could not load credentials)')
})

test.each([new SetupError('x'), new TypeError('x'), 'x', undefined])('%p is not an error of AWS', (error) => {
  expect(awsErrorText(error)).toBeUndefined()
})
