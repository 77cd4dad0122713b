import { devNull } from 'node:os'
import path from 'node:path'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
  type Event,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { startS3 } from '../../emulators/s3/server.ts'
import { startSqs } from '../../emulators/sqs/server.ts'
import type { Wiring } from './template.ts'

export const BUCKET = 'local-drops'
const IMPORT_QUEUE = 'import'
const DEAD_LETTER_QUEUE = 'dead-letters'

/** The bucket and the queues of this computer, wired as the stack would wire them. */
export interface Cloud {
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly s3Url: string
  readonly sqsUrl: string
  readonly importQueueUrl: string
  readonly importQueueArn: string
  readonly deadLetterQueueUrl: string
  stop(): Promise<void>
}

/**
 * Starts S3 and SQS on this computer and makes in them what the synthesized template says: bucket, queues, redrive, notifications.
 * From then on every AWS client of this process reaches these two and nothing else.
 *
 * @param port of S3, the next one for SQS; 0 for any
 * @param now the time in the queues, milliseconds since 1970; left out, that of this computer
 */
export async function startCloud(stateDir: string, port: number, wiring: Wiring, now?: () => number): Promise<Cloud> {
  const sqsServer = await startSqs({
    ...(now !== undefined && { now }),
    dir: path.join(stateDir, 'sqs'),
    port: port === 0 ? 0 : port + 1,
    endDelaysOnStart: true,
  })
  try {
    const s3Server = await startS3({ dir: path.join(stateDir, 's3'), port, onEvent: (arn, body) => sqsServer.send(arn, body) })
    pointSdkHere(s3Server.url, sqsServer.url)
    const cloud: Cloud = {
      s3: new S3Client({}),
      sqs: new SQSClient({}),
      s3Url: s3Server.url,
      sqsUrl: sqsServer.url,
      importQueueUrl: sqsServer.queueUrl(IMPORT_QUEUE),
      importQueueArn: sqsServer.queueArn(IMPORT_QUEUE),
      deadLetterQueueUrl: sqsServer.queueUrl(DEAD_LETTER_QUEUE),
      stop: async () => {
        await s3Server.stop() // first, since it sends its events to SQS
        await sqsServer.stop()
      },
    }
    await createQueues(cloud.sqs, sqsServer.queueArn(DEAD_LETTER_QUEUE), wiring)
    await createBucket(cloud.s3, cloud.importQueueArn, wiring)
    return cloud
  } catch (error) {
    await sqsServer.stop()
    throw error
  }
}

/** What a profile, a config file or a variable of the user's says about AWS must not lead out of this computer. */
export function pointSdkHere(s3Url: string, sqsUrl: string): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3Url,
    AWS_ENDPOINT_URL_SQS: sqsUrl,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  })
}

async function createQueues(sqs: SQSClient, deadLetterQueueArn: string, wiring: Wiring): Promise<void> {
  const { importQueue, deadLetterQueue } = wiring
  await ensureQueue(sqs, DEAD_LETTER_QUEUE, { MessageRetentionPeriod: String(deadLetterQueue.retentionSeconds) })
  await ensureQueue(sqs, IMPORT_QUEUE, {
    VisibilityTimeout: String(importQueue.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(importQueue.retentionSeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterQueueArn, maxReceiveCount: importQueue.maxReceiveCount }),
  })
}

/** Made plain and then set: an attribute that changed with a new version is a change, and not a conflict. */
async function ensureQueue(sqs: SQSClient, name: string, attributes: Record<string, string>): Promise<void> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }))
}

async function createBucket(s3: S3Client, importQueueArn: string, { bucket, notifications }: Wiring): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
  if (bucket.versioned) {
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }))
  }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: BUCKET,
      NotificationConfiguration: {
        QueueConfigurations: notifications.map(({ events, prefix, suffix }) => ({
          QueueArn: importQueueArn,
          Events: events as Event[],
          Filter: {
            Key: {
              FilterRules: [
                { Name: 'prefix', Value: prefix },
                { Name: 'suffix', Value: suffix },
              ],
            },
          },
        })),
      },
    }),
  )
}
