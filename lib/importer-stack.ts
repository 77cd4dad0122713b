import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { ApiKey } from './api-key.ts'
import { INCOMING_PREFIX, ARCHIVE_SCHEMA, RECONCILE_SCHEMA } from '../lambda/keys.ts'
import { Alarms } from './alarms.ts'
import { DailyMessage } from './daily-message.ts'
import { ImportBucket } from './import-bucket.ts'
import { ImportQueue } from './import-queue.ts'
import { FUNCTION_TIMEOUT, ImporterFunction } from './importer-function.ts'
import type { Settings } from './settings.ts'

export interface ImporterStackProps extends StackProps {
  readonly settings: Settings
}

/**
 * The importer of one Kissmetrics product: a bucket, a queue, a function, a dead-letter queue, a secret, and alarms.
 *
 *     DropBucket ──event──▶ ImportQueue.queue ──one at a time──▶ Importer ──▶ Kissmetrics
 *         ▲                        │                               │   │
 *         └──────── reports ───────│───────────────────────────────┘   │ lines that cannot go
 *                                  └──after maxReceiveCount──▶ ImportQueue.deadLetters
 */
export class ImporterStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: ImporterStackProps) {
    super(scope, id, { description: 'Imports JSON-lines files from a bucket into Kissmetrics', ...props })

    const importQueue = new ImportQueue(this, 'ImportQueue', {
      functionTimeout: FUNCTION_TIMEOUT,
      maxReceiveCount: settings.maxReceiveCount,
    })
    const { bucket } = new ImportBucket(this, 'ImportBucket', { importQueue })
    const { secretArn } = new ApiKey(this, 'ApiKey', { existingSecretArn: settings.apiKeySecretArn })
    const importer = new ImporterFunction(this, 'Importer', { bucket, importQueue, apiKeySecretArn: secretArn, settings })

    // S3 sends an event for nearly every upload, and says so: "nearly".
    new DailyMessage(this, 'DailyReconcile', {
      importQueue,
      schema: RECONCILE_SCHEMA,
      description: 'Asks the Kissmetrics importer to look for drops that it did not hear of',
    })
    // A queue forgets after 14 days, read or not.
    new DailyMessage(this, 'DailyArchive', {
      importQueue,
      schema: ARCHIVE_SCHEMA,
      description: 'Asks the Kissmetrics importer to move dead letters into the bucket before their queue forgets them',
    })
    const { topic } = new Alarms(this, 'Alarms', { importQueue, importer: importer.function })

    const output = (name: string, value: string, description: string) => new CfnOutput(this, name, { value, description })
    output('BucketName', bucket.bucketName, `Put drops under ${INCOMING_PREFIX}, take reports from reports/`)
    output('ApiKeySecretArn', secretArn, 'Put the API key of the Kissmetrics product here')
    output('ImportQueueUrl', importQueue.queue.queueUrl, 'Work that waits')
    output('ImportQueueArn', importQueue.queue.queueArn, 'Where dead letters are redriven to')
    output('DeadLetterQueueUrl', importQueue.deadLetters.queueUrl, 'Lines and drops that came back')
    output('DeadLetterQueueArn', importQueue.deadLetters.queueArn, 'Where dead letters are redriven from')
    output('FunctionName', importer.function.functionName, 'The importer')
    output('AlarmTopicArn', topic.topicArn, 'Subscribe here to hear of what needs a person')
    output('LogGroupName', importer.logGroup.logGroupName, 'What the importer says')
  }
}
