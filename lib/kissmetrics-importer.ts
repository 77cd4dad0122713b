import { CfnOutput, Stack } from 'aws-cdk-lib/core'
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch'
import { Grant, type IGrantable, type IRole } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import about from '../package.json' with { type: 'json' }
import { ARCHIVE_SCHEMA, INCOMING_PREFIX, RECONCILE_SCHEMA, REPORTS_PREFIX } from '../lambda/keys.ts'
import { Alarms } from './alarms.ts'
import { Answers, ExpectedFileRules } from './answers.ts'
import { ApiKey } from './api-key.ts'
import { DailyMessage } from './daily-message.ts'
import { Dashboard } from './dashboard.ts'
import { ExistingBucket, placesIn, type FileSource } from './file-source.ts'
import { ImportBucket } from './import-bucket.ts'
import { ImportQueue } from './import-queue.ts'
import { ImporterFunction } from './importer-function.ts'
import { importerMetric } from './importer-metric.ts'
import { checkedSettings, type KissmetricsImporterProps } from './importer-props.ts'
import { wiringOf } from './wiring.ts'

/**
 * The importer of one Kissmetrics product: a bucket, a queue, a function, a dead-letter queue, a secret, and alarms.
 *
 *     bucket ──event──▶ importQueue ──one at a time──▶ function ──▶ Kissmetrics
 *        ▲                   │                          │   │
 *        └────── reports ────│──────────────────────────┘   │ rejected and undeliverable lines
 *                            └──after maxReceiveCount──▶ deadLetterQueue
 */
export class KissmetricsImporter extends Construct {
  /** Files under `incoming/`, reports, checkpoints and archived lines. It stays when the stack is removed. */
  readonly bucket: Bucket
  /** Work that waits. It stays when the stack is removed. */
  readonly importQueue: IQueue
  /** Rejected lines and files. It stays when the stack is removed. */
  readonly deadLetterQueue: IQueue
  /** Imports the files. */
  readonly function: IFunction
  /** The role of the function: the owner of a key, a secret or a bucket in another account must allow it. */
  readonly role: IRole
  readonly logGroup: ILogGroup
  /** Holds the API key. */
  readonly apiKeySecret: ISecret
  /** Receives every alarm. Subscribe to it. */
  readonly alarmTopic: ITopic
  /** Receives an answer about each file. Undefined if answers are pushed to a webhook only, or nowhere. */
  readonly answerTopic: ITopic | undefined
  /** Where files are uploaded to. */
  readonly sources: readonly FileSource[]
  /** The https origin that lines are sent to. */
  readonly endpoint: string
  /** Number settings of the function that differ from their defaults. */
  readonly #overrides: Readonly<Record<string, number>>

  constructor(scope: Construct, id: string, props: KissmetricsImporterProps = {}) {
    super(scope, id)
    const { existingBucket, encryptionKey } = props
    const settings = checkedSettings(props)
    const wiring = wiringOf(settings)

    const queues = new ImportQueue(this, 'ImportQueue', { wiring, encryptionKey })
    const prefixes = (settings.prefixes ?? [INCOMING_PREFIX])
      .filter((prefix) => existingBucket !== undefined || prefix !== INCOMING_PREFIX)
      .map((prefix) => (prefix === '*' ? '' : prefix))
    const { bucket } = new ImportBucket(this, 'ImportBucket', {
      importQueue: queues,
      wiring,
      prefixes: existingBucket === undefined ? prefixes : [],
      encryptionKey,
      accessLogsBucket: props.accessLogsBucket,
      retention: props.retention,
    })
    const sources: FileSource[] = [
      { bucket, prefixes: [INCOMING_PREFIX, ...(existingBucket === undefined ? prefixes : [])] },
      ...(existingBucket === undefined ? [] : [{ bucket: existingBucket, prefixes }]),
    ]
    const existing = sources[1]
    if (existing !== undefined) {
      new ExistingBucket(this, 'ExistingBucket', {
        source: existing,
        events: props.bucketEvents ?? 'eventbridge',
        importQueue: queues,
      })
    }
    const { secret } = new ApiKey(this, 'ApiKey', { existingSecret: props.apiKeySecret, encryptionKey })
    const answers =
      props.answers === undefined ? undefined : new Answers(this, 'Answers', { ...props.answers, encryptionKey }).parts
    const importer = new ImporterFunction(this, 'Importer', {
      answers,
      bucket,
      sources,
      importQueue: queues,
      apiKeySecret: secret,
      wiring,
      encryptionKey,
      logRetention: props.logRetention,
      network: props.vpc && { vpc: props.vpc, vpcSubnets: props.vpcSubnets, securityGroups: props.securityGroups },
      reservedConcurrency: props.reservedConcurrency,
      provisionedPollers: props.provisionedPollers,
    })

    // S3 sends an event for nearly every upload, but does not guarantee it.
    const dailySearch = new DailyMessage(this, 'DailyReconcile', {
      importQueue: queues,
      schema: RECONCILE_SCHEMA,
      description: 'Starts a daily search for uploaded files that the Kissmetrics importer received no event for',
    })
    // SQS deletes a message after 14 days, whether it was read or not.
    new DailyMessage(this, 'DailyArchive', {
      importQueue: queues,
      schema: ARCHIVE_SCHEMA,
      description: 'Starts a daily job that moves old dead letters into the bucket before SQS deletes them',
    })
    if (props.expectedFiles !== undefined)
      new ExpectedFileRules(this, 'ExpectedFiles', { expected: props.expectedFiles, sources, importQueue: queues })
    const { topic } = new Alarms(this, 'Alarms', {
      importQueue: queues,
      dailyRule: dailySearch.rule,
      importer: importer.function,
      settings,
      hasAnswers: answers !== undefined,
      hasExpectedFiles: props.expectedFiles !== undefined,
      encryptionKey,
    })
    new Dashboard(this, 'Dashboard', { importQueue: queues, importer: importer.function, logGroup: importer.logGroup, wiring })

    this.sources = sources
    this.endpoint = settings.endpoint
    this.#overrides = settings.overrides
    this.bucket = bucket
    this.importQueue = queues.queue
    this.deadLetterQueue = queues.deadLetters
    this.function = importer.function
    this.role = importer.role
    this.logGroup = importer.logGroup
    this.apiKeySecret = secret
    this.alarmTopic = topic
    this.answerTopic = answers?.topic
  }

  /**
   * Allows a principal to upload files under `incoming/`, and nothing else. A principal of another account needs this, and the same
   * permission in its own account.
   */
  grantUpload(grantee: IGrantable): Grant {
    // CDK's `grantPut` allows more: tags, legal holds and retention of objects.
    const grant = Grant.addToPrincipalOrResource({
      grantee,
      actions: ['s3:PutObject'],
      resourceArns: [this.bucket.arnForObjects(`${INCOMING_PREFIX}*`)],
      resource: this.bucket,
    })
    const key = this.bucket.encryptionKey
    // An upload in parts also decrypts.
    return key === undefined ? grant : grant.combine(key.grant(grantee, 'kms:GenerateDataKey', 'kms:Decrypt'))
  }

  /**
   * A metric that the importer writes, for example `LinesDelivered`, `LinesRejected`, `FilesImported` or `SetupErrors`.
   * @param metricName as lambda/events.ts names it
   * @default - the sum over five minutes
   */
  metric(metricName: string, options: MetricOptions = {}): Metric {
    return importerMetric(this.function, metricName, options)
  }

  /** Lines that Kissmetrics accepted. @default - the sum over five minutes */
  metricLinesDelivered(options?: MetricOptions): Metric {
    return this.metric('LinesDelivered', options)
  }

  /** Lines that were rejected, and wait in the dead-letter queue. @default - the sum over five minutes */
  metricLinesRejected(options?: MetricOptions): Metric {
    return this.metric('LinesRejected', options)
  }

  /** Files whose import has ended. @default - the sum over five minutes */
  metricFilesImported(options?: MetricOptions): Metric {
    return this.metric('FilesImported', options)
  }

  /** Adds the outputs to the stack that `km-import … --stack NAME` reads. One importer of a stack can have them. */
  addOutputs(): void {
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(Stack.of(this), name, { value, description })
    output('BucketName', this.bucket.bucketName, `Upload files under ${INCOMING_PREFIX}, read reports under ${REPORTS_PREFIX}`)
    output('ApiKeySecretArn', this.apiKeySecret.secretArn, 'Store the API key of the Kissmetrics product in this secret')
    output('ImportQueueUrl', this.importQueue.queueUrl, 'Import queue: work that waits')
    output('ImportQueueArn', this.importQueue.queueArn, 'Import queue: the destination of a redrive')
    output('DeadLetterQueueUrl', this.deadLetterQueue.queueUrl, 'Dead-letter queue: rejected lines and files')
    output('DeadLetterQueueArn', this.deadLetterQueue.queueArn, 'Dead-letter queue: the source of a redrive')
    output('FunctionName', this.function.functionName, 'The Lambda function that imports')
    output('RoleArn', this.role.roleArn, 'The role of the function: allow it to use a key or a secret that you own')
    output('AlarmTopicArn', this.alarmTopic.topicArn, 'Subscribe to this topic to receive the alarms')
    if (this.answerTopic !== undefined)
      output('AnswerTopicArn', this.answerTopic.topicArn, 'Subscribe to this topic to receive an answer about each file')
    const places = placesIn(this.sources)
    if (places !== undefined) output('Sources', places, 'Where files are uploaded to')
    output('Endpoint', this.endpoint, 'Where the lines are sent')
    if (Object.keys(this.#overrides).length > 0)
      output('Settings', JSON.stringify(this.#overrides), 'Settings of the function that differ from the defaults')
    output('Version', about.version, 'The version of the importer')
    output('LogGroupName', this.logGroup.logGroupName, 'The log of the importer')
  }
}
