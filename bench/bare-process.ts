/** A function that only creates the clients of the importer: the baseline of its cold start. */
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SQSClient } from '@aws-sdk/client-sqs'

const clients = [new S3Client({}), new SQSClient({}), new SecretsManagerClient({})]

export const handler = (): number => clients.length
