import { describe, expect, test } from '@jest/globals'
import { SQSServiceException } from '@aws-sdk/client-sqs'
import { awsErrorText } from '../../../cli/deployment/aws-error.ts'
import { SetupError } from '../../../lambda/errors.ts'

const CHECK = 'Nothing was lost. Check the network, region, credentials and permissions, then run the command again.'

test('an error of a service is shown with its name and message', () => {
  const error = new SQSServiceException({ name: 'AccessDenied', message: 'no\nway', $fault: 'client', $metadata: {} })
  expect(awsErrorText(error)).toBe(String.raw`A request to S3 or SQS failed (AccessDenied: no\u000away). ${CHECK}`)
})

describe('what the environment has to say is named, with the variables', () => {
  // prettier-ignore
  test.each([
    [ 'no region',      new Error('Region is missing'), 'No AWS region is set. Set it (export AWS_REGION=us-east-1), or name a profile that has one (export AWS_PROFILE=NAME).' ],
    [ 'no credentials', Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' }), 'There are no AWS credentials (Could not load). Name a profile that has some (export AWS_PROFILE=NAME; aws sso login renews it), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.' ],
  ])('%s', (_, error, text) => {
    expect(awsErrorText(error)).toBe(text)
  })
})

test.each([new SetupError('x'), new TypeError('x'), 'x', undefined])('%p is not an error of AWS', (error) => {
  expect(awsErrorText(error)).toBeUndefined()
})
