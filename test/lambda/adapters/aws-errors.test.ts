import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { s3Checkpoints, s3DeadLetterArchive, s3Reports } from '../../../lambda/adapters/s3-documents.ts'
import { s3Listing, s3SourceFiles } from '../../../lambda/adapters/s3-objects.ts'
import { apiKeySource } from '../../../lambda/adapters/secrets.ts'
import { sqsDeadLetterQueue, sqsDeadLetterReader, sqsImportQueue } from '../../../lambda/adapters/sqs.ts'
import { FILE } from '../../support/memory-cloud.ts'
import { StubServer } from '../read/stub-server.ts'

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf'
const HOLDER = { leaseHolder: { run: 'r', serial: 1, until: 0 } }

/** What the service answers: as AWS does, XML for S3, JSON for SQS and Secrets Manager. */
let answer: { readonly status: number; readonly type: string; readonly body: string; readonly headers?: Record<string, string> }
let server: StubServer
const clients = { region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'y' }, maxAttempts: 1 }
let s3: S3Client
let sqs: SQSClient
beforeAll(async () => {
  server = await StubServer.start((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers }).end(answer.body)
    })
  })
  s3 = new S3Client({ ...clients, endpoint: server.url, forcePathStyle: true })
  sqs = new SQSClient({ ...clients, endpoint: server.url })
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
  })
})
afterAll(async () => {
  s3.destroy()
  sqs.destroy()
  await server[Symbol.asyncDispose]()
})

const fromS3 = (status: number, code: string, message = 'x') => ({
  status,
  type: 'application/xml',
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`,
})
const fromSqs = (code: string, type: string, query?: string) => ({
  status: 400,
  type: 'application/x-amz-json-1.0',
  body: JSON.stringify({ __type: type, message: 'x' }),
  headers: query === undefined ? { 'x-amzn-ErrorType': code } : { 'x-amzn-query-error': `${query};Sender` },
})
const fromSecrets = (type: string, message = 'x') => ({
  status: 400,
  type: 'application/x-amz-json-1.1',
  body: JSON.stringify({ __type: type, message }),
})

const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  'reads a file': () => s3SourceFiles(s3).open(FILE),
  'lists the files': async () => {
    for await (const _page of s3Listing(s3, [{ bucket: 'b', prefix: 'incoming/' }], 'b').pages()) return
  },
  'reads a report': () => s3Reports(s3).find('b', 'reports/r.json'),
  'writes a checkpoint': () => s3Checkpoints(s3).put({ bucket: 'b', key: 'checkpoints/c.json' }, HOLDER, undefined),
  'archives dead letters': () => s3DeadLetterArchive(s3).put('b', 'archived/a.jsonl', 'x'),
  'sends dead letters': () => sqsDeadLetterQueue(sqs, `${server.url}/1/dead`).sendBatch([{ body: 'x', attributes: {} }]),
  'queues its work': () => sqsImportQueue(sqs, `${server.url}/1/import`).send('{}', 0),
  'reads dead letters': () => sqsDeadLetterReader(sqs, `${server.url}/1/dead`).take(30),
  'deletes dead letters': () => sqsDeadLetterReader(sqs, `${server.url}/1/dead`).remove([{ receipt: 'r' }] as never),
  'reads the key': () => apiKeySource({ secretArn: ARN }, () => 0)(),
}

const NOT_AUTHORIZED = 'User: role is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext'

describe('what only a person can fix is a SetupError with its cure', () => {
  // prettier-ignore
  test.each<readonly [call: string, response: typeof answer, message: RegExp]>([
    //  it                        the service answers                                                        the message
    [ 'reads a file',             fromS3(403, 'AccessDenied'),                                               /read incoming\/a\.json \(AccessDenied\): its role has no permission\. Deploy/ ],
    [ 'reads a file',             fromS3(403, 'AccessDenied', NOT_AUTHORIZED),                               /\(AccessDenied\): its role may not use the KMS key\. Allow it kms:Decrypt/ ],
    [ 'reads a file',             fromS3(400, 'KMS.DisabledException'),                                      /the KMS key is disabled\. Enable it: aws kms enable-key/ ],
    [ 'reads a file',             fromS3(400, 'KMS.KMSInvalidStateException'),                               /aws kms cancel-key-deletion/ ],
    [ 'reads a file',             fromS3(400, 'KMS.NotFoundException'),                                      /the KMS key does not exist/ ],
    [ 'reads a file',             fromS3(404, 'NoSuchBucket'),                                               /the bucket does not exist\. Deploy the stack again/ ],
    [ 'reads a file',             fromS3(403, 'InvalidAccessKeyId'),                                         /does not accept its credentials/ ],
    [ 'reads a file',             fromS3(403, 'AllAccessDisabled'),                                          /its role has no permission/ ],
    [ 'lists the files',          fromS3(403, 'AccessDenied'),                                               /could not list the files/ ],
    [ 'reads a report',           fromS3(403, 'AccessDenied'),                                               /could not read reports\/r\.json/ ],
    [ 'writes a checkpoint',      fromS3(403, 'AccessDenied', NOT_AUTHORIZED),                               /could not write checkpoints\/c\.json .* its role may not use the KMS key/ ],
    [ 'archives dead letters',    fromS3(404, 'NoSuchBucket'),                                               /could not write archived\/a\.jsonl/ ],
    [ 'sends dead letters',       fromSqs('', 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'), /could not send dead letters .*the queue does not exist/ ],
    [ 'sends dead letters',       fromSqs('KmsDisabled', 'com.amazonaws.sqs#KmsDisabled', 'KMS.DisabledException'),             /the KMS key is disabled/ ],
    [ 'sends dead letters',       fromSqs('KmsAccessDenied', 'com.amazonaws.sqs#KmsAccessDenied', 'KMS.AccessDeniedException'), /its role may not use the KMS key/ ],
    [ 'sends dead letters',       fromSqs('KmsNotFound', 'com.amazonaws.sqs#KmsNotFound', 'KMS.NotFoundException'),             /the KMS key does not exist/ ],
    [ 'sends dead letters',       fromSqs('KmsInvalidState', 'com.amazonaws.sqs#KmsInvalidState', 'KMS.InvalidStateException'), /cancel-key-deletion/ ],
    [ 'queues its work',          fromSqs('AccessDenied', 'com.amazonaws.sqs#AccessDenied', 'AccessDenied'),                    /could not queue the rest of its work \(\w+\): its role has no permission/ ],
    [ 'queues its work',          fromSqs('AccessDeniedException', 'com.amazon.coral.service#AccessDeniedException'),          /its role has no permission/ ],
    [ 'queues its work',          fromSqs('', 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'), /the queue does not exist/ ],
    [ 'reads dead letters',       fromSqs('', 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'), /could not read the dead-letter queue/ ],
    [ 'deletes dead letters',     fromSqs('AccessDenied', 'com.amazonaws.sqs#AccessDenied', 'AccessDenied'),                    /could not delete dead letters/ ],
    [ 'reads the key',            fromSecrets('AccessDeniedException'),                                      /could not read the secret arn:.*: its role has no permission/ ],
    [ 'reads the key',            fromSecrets('AccessDeniedException', 'Access to KMS is not allowed'),      /its role may not use the KMS key/ ],
    [ 'reads the key',            fromSecrets('DecryptionFailure'),                                          /its role may not use the KMS key/ ],
    [ 'reads the key',            fromSecrets('InvalidRequestException', 'You can’t perform this operation on the secret because it was marked for deletion.'), /is to be deleted\. Keep it: aws secretsmanager restore-secret --secret-id arn:/ ],
    [ 'reads the key',            fromSecrets('UnrecognizedClientException'),                                /does not accept its credentials/ ],
  ])('it %s: %j', async (call, response, message) => {
    answer = response
    const thrown: unknown = await CALLS[call]!().catch((error: unknown) => error)
    expect(thrown).toMatchObject({ name: 'SetupError', cause: expect.any(Error) as unknown })
    expect((thrown as Error).message).toMatch(message)
    expect((thrown as Error).message).toMatch(/^[A-Z]/)
  })
})

describe('what ends by itself, or is a bug, is not', () => {
  // prettier-ignore
  test.each<readonly [call: string, response: typeof answer]>([
    [ 'reads a file',             fromS3(500, 'InternalError') ],
    [ 'reads a file',             fromS3(503, 'SlowDown') ],
    [ 'reads a file',             fromS3(400, 'KMS.ThrottlingException') ],
    [ 'writes a checkpoint',      fromS3(500, 'InternalError') ],
    [ 'sends dead letters',       fromSqs('KmsThrottled', 'com.amazonaws.sqs#KmsThrottled', 'KMS.ThrottlingException') ],
    [ 'queues its work',          fromSqs('RequestThrottled', 'com.amazonaws.sqs#RequestThrottled', 'RequestThrottled') ],
    [ 'queues its work',          fromSqs('InvalidMessageContents', 'com.amazonaws.sqs#InvalidMessageContents', 'InvalidMessageContents') ],
    [ 'reads the key',            fromSecrets('InvalidRequestException') ],
    [ 'reads the key',            fromSecrets('InternalServiceError') ],
  ])('it %s: %j', async (call, response) => {
    answer = response
    const thrown: unknown = await CALLS[call]!().catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(Error)
    expect((thrown as Error).name).not.toBe('SetupError')
  })
})
