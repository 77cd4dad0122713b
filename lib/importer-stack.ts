import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { ApiKey } from './api-key.ts'
import { INCOMING_PREFIX } from '../lambda/places.ts'
import { DropBucket } from './drop-bucket.ts'
import { ImportQueue } from './import-queue.ts'
import { FUNCTION_TIMEOUT, ImporterFunction } from './importer-function.ts'
import { Reconciler } from './reconciler.ts'
import type { Settings } from './settings.ts'

export interface ImporterStackProps extends StackProps {
  readonly settings: Settings
}

/**
 * The importer of one Kissmetrics product: a bucket, a queue, a function, a dead-letter queue and a secret.
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
    const { bucket } = new DropBucket(this, 'DropBucket', { importQueue })
    const { secretArn } = new ApiKey(this, 'ApiKey', { existingSecretArn: settings.apiKeySecretArn })
    const importer = new ImporterFunction(this, 'Importer', { bucket, importQueue, apiKeySecretArn: secretArn, settings })

    new Reconciler(this, 'Reconciler', { importQueue })

    const say = (name: string, value: string, description: string) => new CfnOutput(this, name, { value, description })
    say('BucketName', bucket.bucketName, `Put drops under ${INCOMING_PREFIX}, take reports from reports/`)
    say('ApiKeySecretArn', secretArn, 'Put the API key of the Kissmetrics product here')
    say('ImportQueueUrl', importQueue.queue.queueUrl, 'Work that waits')
    say('ImportQueueArn', importQueue.queue.queueArn, 'Where dead letters are redriven to')
    say('DeadLetterQueueUrl', importQueue.deadLetters.queueUrl, 'Lines and drops that came back')
    say('DeadLetterQueueArn', importQueue.deadLetters.queueArn, 'Where dead letters are redriven from')
    say('FunctionName', importer.function.functionName, 'The importer')
    say('LogGroupName', importer.logGroup.logGroupName, 'What the importer says')
  }
}
