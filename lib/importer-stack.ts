import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { ApiKey } from './api-key.ts'
import { ARCHIVE_SCHEMA, INCOMING_PREFIX, RECONCILE_SCHEMA, REPORTS_PREFIX } from '../lambda/keys.ts'
import { Alarms } from './alarms.ts'
import { DailyMessage } from './daily-message.ts'
import { Dashboard } from './dashboard.ts'
import { ImportBucket } from './import-bucket.ts'
import { ImportQueue } from './import-queue.ts'
import { ImporterFunction } from './importer-function.ts'
import type { Settings } from './settings.ts'
import { wiringOf } from './wiring.ts'

export interface ImporterStackProps extends StackProps {
  readonly settings: Settings
}

/**
 * The importer of one Kissmetrics product: a bucket, a queue, a function, a dead-letter queue, a secret, and alarms.
 *
 *     ImportBucket ──event──▶ ImportQueue.queue ──one at a time──▶ Importer ──▶ Kissmetrics
 *         ▲                        │                               │   │
 *         └──────── reports ───────│───────────────────────────────┘   │ rejected and undeliverable lines
 *                                  └──after maxReceiveCount──▶ ImportQueue.deadLetters
 */
export class ImporterStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: ImporterStackProps) {
    super(scope, id, { description: 'Imports JSON-lines files from a bucket into Kissmetrics', ...props })
    const wiring = wiringOf(settings)

    const importQueue = new ImportQueue(this, 'ImportQueue', { wiring })
    const { bucket } = new ImportBucket(this, 'ImportBucket', { importQueue, wiring })
    const { secretArn } = new ApiKey(this, 'ApiKey', { existingSecretArn: settings.apiKeySecretArn })
    const importer = new ImporterFunction(this, 'Importer', { bucket, importQueue, apiKeySecretArn: secretArn, wiring })

    // S3 sends an event for nearly every upload, but does not guarantee it.
    new DailyMessage(this, 'DailyReconcile', {
      importQueue,
      schema: RECONCILE_SCHEMA,
      description: 'Starts a daily search for uploaded files that the Kissmetrics importer received no event for',
    })
    // SQS deletes a message after 14 days, whether it was read or not.
    new DailyMessage(this, 'DailyArchive', {
      importQueue,
      schema: ARCHIVE_SCHEMA,
      description: 'Starts a daily job that moves old dead letters into the bucket before SQS deletes them',
    })
    const { topic } = new Alarms(this, 'Alarms', { importQueue, importer: importer.function, settings })

    new Dashboard(this, 'Dashboard', { importQueue, importer: importer.function, logGroup: importer.logGroup, wiring })

    const output = (name: string, value: string, description: string) => new CfnOutput(this, name, { value, description })
    output('BucketName', bucket.bucketName, `Upload files under ${INCOMING_PREFIX}, read reports under ${REPORTS_PREFIX}`)
    output('ApiKeySecretArn', secretArn, 'Store the API key of the Kissmetrics product in this secret')
    output('ImportQueueUrl', importQueue.queue.queueUrl, 'Import queue: work that waits')
    output('ImportQueueArn', importQueue.queue.queueArn, 'Import queue: the destination of a redrive')
    output('DeadLetterQueueUrl', importQueue.deadLetters.queueUrl, 'Dead-letter queue: rejected lines and files')
    output('DeadLetterQueueArn', importQueue.deadLetters.queueArn, 'Dead-letter queue: the source of a redrive')
    output('FunctionName', importer.function.functionName, 'The Lambda function that imports')
    output('AlarmTopicArn', topic.topicArn, 'Subscribe to this topic to receive the alarms')
    output('LogGroupName', importer.logGroup.logGroupName, 'The log of the importer')
  }
}
