import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import { Grant, type IGrantable, type IRole } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import about from '../package.json' with { type: 'json' }
import { ARCHIVE_SCHEMA, INCOMING_PREFIX, RECONCILE_SCHEMA, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { NumberSettingName } from '../lambda/settings.ts'
import { Alarms } from './alarms.ts'
import { ApiKey } from './api-key.ts'
import { DailyMessage } from './daily-message.ts'
import { Dashboard } from './dashboard.ts'
import { ExistingBucket, placesIn, type BucketEvents, type FileSource, type ReadableBucket } from './file-source.ts'
import { ImportBucket, type Retention } from './import-bucket.ts'
import { ImportQueue } from './import-queue.ts'
import { ImporterFunction } from './importer-function.ts'
import { importerMetric } from './importer-metric.ts'
import { readSettings } from './settings.ts'
import { wiringOf } from './wiring.ts'

export interface KissmetricsImporterProps {
  /**
   * The https origin that commands are sent to.
   * @default https://trk.kissmetrics.io
   */
  readonly endpoint?: string | undefined
  /**
   * An existing secret that holds the API key of the Kissmetrics product as plain text. If it has a customer key, the secret must know it
   * (`encryptionKey`), so that the function may decrypt with it.
   * @default - an empty secret is created; nothing is sent until a person puts the key into it
   */
  readonly apiKeySecret?: ISecret | undefined
  /**
   * A bucket that already receives files. It is only read: reports, checkpoints and archived lines go to the bucket of the importer.
   * @default - files are uploaded to the bucket of the importer only
   */
  readonly existingBucket?: ReadableBucket | undefined
  /**
   * How the events of `existingBucket` arrive.
   * @default eventbridge
   */
  readonly bucketEvents?: BucketEvents | undefined
  /**
   * The prefixes of keys that are imported: of `existingBucket` if there is one ('' for all its objects), otherwise of the bucket of the
   * importer. Files under `incoming/` in the bucket of the importer are always imported.
   * @default - `incoming/`
   */
  readonly prefixes?: readonly string[] | undefined
  /**
   * Files, or segments of large files, that are imported at the same time. From 2 to 1000.
   * @default 2
   */
  readonly maximumConcurrency?: number | undefined
  /**
   * Pollers of the import queue that are always there; each allows 10 files at a time. Replaces `maximumConcurrency`. From 2 to 200.
   * @default - Lambda starts and stops pollers by itself
   */
  readonly provisionedPollers?: number | undefined
  /**
   * Concurrency that no other function of the account can take. At least `maximumConcurrency`.
   * @default - the function shares the concurrency of the account
   */
  readonly reservedConcurrency?: number | undefined
  /**
   * Deliveries of a message before SQS moves it to the dead-letter queue. From 3 to 1000.
   * @default 5
   */
  readonly maxReceiveCount?: number | undefined
  /**
   * Memory of the function in megabytes. CPU grows with it.
   * @default 1024
   */
  readonly memoryMb?: number | undefined
  /**
   * The settings of docs/configuration.md that differ from their defaults.
   * @default - the defaults of docs/configuration.md
   */
  readonly functionSettings?: Readonly<Partial<Record<NumberSettingName, number>>> | undefined
  /**
   * Encrypts bucket, queues, the created secret, logs and alarms. `createEncryptionKey` makes one whose policy lets the services use it.
   * @default - AWS manages the keys
   */
  readonly encryptionKey?: IKey | undefined
  /**
   * The VPC that the function runs in. It needs a way to S3, SQS, Secrets Manager and Kissmetrics: docs/deploy.md lists the endpoints.
   * @default - the function runs outside any VPC
   */
  readonly vpc?: IVpc | undefined
  /**
   * The subnets of `vpc` that the function runs in.
   * @default - the private subnets
   */
  readonly vpcSubnets?: SubnetSelection | undefined
  /**
   * The security groups of the function, if it runs in a VPC.
   * @default - a new one, which allows no inbound connection
   */
  readonly securityGroups?: readonly ISecurityGroup[] | undefined
  /**
   * Receives the access logs of the bucket.
   * @default - S3 writes no access logs
   */
  readonly accessLogsBucket?: IBucket | undefined
  /**
   * How long the log of the function is kept.
   * @default - 90 days
   */
  readonly logRetention?: RetentionDays | undefined
  /**
   * How long the bucket of the importer keeps files, reports and archived lines.
   * @default - they never expire
   */
  readonly retention?: Retention | undefined
  /**
   * The share of rejected lines, within a few minutes, above which the alarm LinesRejected goes off. From 0 to 99.
   * @default 5
   */
  readonly alarmRejectedPercent?: number | undefined
  /**
   * Days without an imported file after which the alarm NothingImported goes off. From 0, for never, to 7.
   * @default 0
   */
  readonly alarmIdleDays?: number | undefined
}

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
  /** Where files are uploaded to. */
  readonly sources: readonly FileSource[]
  /** The https origin that lines are sent to. */
  readonly endpoint: string

  constructor(scope: Construct, id: string, props: KissmetricsImporterProps = {}) {
    super(scope, id)
    const { existingBucket, encryptionKey } = props
    const settings = checked(props)
    const wiring = wiringOf(settings)

    const queues = new ImportQueue(this, 'ImportQueue', { wiring, encryptionKey })
    const prefixes = (props.prefixes ?? [INCOMING_PREFIX]).filter(
      (prefix) => existingBucket !== undefined || prefix !== INCOMING_PREFIX,
    )
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
    const importer = new ImporterFunction(this, 'Importer', {
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
    new DailyMessage(this, 'DailyReconcile', {
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
    const { topic } = new Alarms(this, 'Alarms', { importQueue: queues, importer: importer.function, settings, encryptionKey })
    new Dashboard(this, 'Dashboard', { importQueue: queues, importer: importer.function, logGroup: importer.logGroup, wiring })

    this.sources = sources
    this.endpoint = settings.endpoint
    this.bucket = bucket
    this.importQueue = queues.queue
    this.deadLetterQueue = queues.deadLetters
    this.function = importer.function
    this.role = importer.role
    this.logGroup = importer.logGroup
    this.apiKeySecret = secret
    this.alarmTopic = topic
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
    const places = placesIn(this.sources)
    if (places !== undefined) output('Sources', places, 'Where files are uploaded to')
    output('Endpoint', this.endpoint, 'Where the lines are sent')
    output('Version', about.version, 'The version of the importer')
    output('LogGroupName', this.logGroup.logGroupName, 'The log of the importer')
  }
}

/** The same checks as for the settings of the stack. @throws SettingError */
function checked(props: KissmetricsImporterProps) {
  const { endpoint, maximumConcurrency, provisionedPollers, reservedConcurrency, maxReceiveCount, memoryMb } = props
  const { alarmRejectedPercent, alarmIdleDays, functionSettings } = props
  return readSettings({
    endpoint,
    maximumConcurrency,
    provisionedPollers,
    reservedConcurrency,
    maxReceiveCount,
    memoryMb,
    alarmRejectedPercent,
    alarmIdleDays,
    ...functionSettings,
  })
}
