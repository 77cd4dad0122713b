import path from 'node:path'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Credentials } from '../../emulators/signature.ts'
import { startS3, type S3Emulator } from '../../emulators/s3/server.ts'
import { startSqs, type SqsOptions } from '../../emulators/sqs/server.ts'
import type { Wiring } from '../../lib/wiring.ts'
import { BUCKET, useEmulators } from './addresses.ts'
import { openCredentials, writeAwsProfile } from './credentials.ts'
import { s3InProcess } from './in-process/s3.ts'
import { sqsInProcess } from './in-process/sqs.ts'

const IMPORT_QUEUE = 'import'
const DEAD_LETTER_QUEUE = 'dead-letters'

/** The S3 and SQS emulators of local mode, with the bucket and the queues that the stack would deploy. */
export interface LocalServices {
  /** Calls the emulator in this process, without HTTP where that is faster. */
  readonly s3: S3Client
  /** Calls the emulator in this process, without HTTP where that is faster. */
  readonly sqs: SQSClient
  /** Follows what is written to the bucket. */
  readonly writes: Pick<S3Emulator, 'writtenAfter' | 'lastSequence'>
  /** What other processes need to use the emulators. */
  readonly credentials: Credentials
  readonly s3Url: string
  readonly sqsUrl: string
  readonly importQueueUrl: string
  readonly importQueueArn: string
  readonly deadLetterQueueUrl: string
  stop(): Promise<void>
}

type ServiceWiring = Pick<Wiring, 'bucket' | 'importQueue' | 'deadLetterQueue'>

/**
 * Starts the S3 and SQS emulators and creates bucket, queues, redrive policy and notifications in them.
 * From then on, every AWS client of this process uses these two emulators.
 *
 * @param port port of S3; SQS uses the next one. 0: any free ports
 * @param queueOptions clock and waits of the queues; default: the system clock, all of each wait, and none for messages in flight
 */
export async function startLocalServices(
  stateDir: string,
  port: number,
  wiring: ServiceWiring,
  queueOptions: Pick<SqsOptions, 'now' | 'waitScale' | 'releaseAfterMs'> = {},
): Promise<LocalServices> {
  const credentials = await openCredentials(stateDir)
  const sqsServer = await startSqs({
    ...queueOptions,
    credentials,
    dir: path.join(stateDir, 'sqs'),
    port: port === 0 ? 0 : port + 1,
    endDelaysOnStart: true,
  })
  try {
    const s3Server = await startS3({
      dir: path.join(stateDir, 's3'),
      port,
      credentials,
      onEvent: (arn, body) => sqsServer.send(arn, body),
    })
    useEmulators(s3Server.url, sqsServer.url, credentials)
    await writeAwsProfile(stateDir, credentials, { s3Url: s3Server.url, sqsUrl: sqsServer.url })
    const services: LocalServices = {
      s3: s3InProcess(new S3Client({}), s3Server),
      sqs: sqsInProcess(new SQSClient({}), sqsServer),
      writes: s3Server,
      credentials,
      s3Url: s3Server.url,
      sqsUrl: sqsServer.url,
      importQueueUrl: sqsServer.queueUrl(IMPORT_QUEUE),
      importQueueArn: sqsServer.queueArn(IMPORT_QUEUE),
      deadLetterQueueUrl: sqsServer.queueUrl(DEAD_LETTER_QUEUE),
      stop: async () => {
        await s3Server.stop() // first, because it sends its events to SQS
        await sqsServer.stop()
      },
    }
    await createQueues(services.sqs, sqsServer.queueArn(DEAD_LETTER_QUEUE), wiring)
    await createBucket(services.s3, services.importQueueArn, wiring)
    return services
  } catch (error) {
    await sqsServer.stop()
    throw error
  }
}

async function createQueues(
  sqs: SQSClient,
  deadLetterQueueArn: string,
  { importQueue, deadLetterQueue }: ServiceWiring,
): Promise<void> {
  await ensureQueue(sqs, DEAD_LETTER_QUEUE, { MessageRetentionPeriod: String(deadLetterQueue.retentionSeconds) })
  await ensureQueue(sqs, IMPORT_QUEUE, {
    VisibilityTimeout: String(importQueue.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(importQueue.retentionSeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterQueueArn, maxReceiveCount: importQueue.maxReceiveCount }),
  })
}

/** Creates the queue without attributes and then sets them: CreateQueue fails if the queue exists with other attributes. */
async function ensureQueue(sqs: SQSClient, name: string, attributes: Record<string, string>): Promise<void> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }))
}

async function createBucket(s3: S3Client, importQueueArn: string, { bucket }: ServiceWiring): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
  if (bucket.versioned) {
    await s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }))
  }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: BUCKET,
      NotificationConfiguration: {
        QueueConfigurations: bucket.notifications.map(({ event, prefix }) => ({
          QueueArn: importQueueArn,
          Events: [event],
          Filter: {
            Key: {
              FilterRules: [{ Name: 'prefix', Value: prefix }],
            },
          },
        })),
      },
    }),
  )
}
