import type { Duration } from 'aws-cdk-lib/core'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { NumberSettingName } from '../lambda/settings/numbers.ts'
import type { AnswerOptions } from './answers.ts'
import { expectedFilesText, type ExpectedFiles } from './expected-files.ts'
import type { BucketEvents, ReadableBucket } from './file-source.ts'
import type { Retention } from './import-bucket.ts'
import type { GivenSettings } from './setting-rows.ts'
import { readSettings, type Settings } from './settings.ts'

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
   * The prefixes of keys that are imported: of `existingBucket` if there is one (`*` for all its objects), otherwise of the bucket of the
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
  /**
   * Where an answer about each file is pushed: docs/answers.md.
   * @default - nowhere
   */
  readonly answers?: AnswerOptions | undefined
  /**
   * Prefixes where files are expected again and again. If none comes, there is an answer and an alarm.
   * @default - none
   */
  readonly expectedFiles?: readonly ExpectedFiles[] | undefined
}

/** What the construct calls settings whose values are objects. */
const PROP_NAMES: Partial<Record<keyof GivenSettings, string>> = {
  apiKeySecretArn: 'apiKeySecret',
  bucketName: 'existingBucket',
  vpcId: 'vpc',
  subnetIds: 'vpcSubnets',
  securityGroupIds: 'securityGroups',
  fileRetentionDays: 'retention.files',
  reportRetentionDays: 'retention.reports',
  archiveRetentionDays: 'retention.archivedLines',
  answerEmails: 'answers.emails',
  answerWebhook: 'answers.webhook',
  answerLink: 'answers.link',
}

/** The same checks as for the settings of the stack. @throws SettingError */
export function checkedSettings(props: KissmetricsImporterProps): Settings {
  const { endpoint, maximumConcurrency, provisionedPollers, reservedConcurrency, maxReceiveCount, memoryMb, prefixes } = props
  const { alarmRejectedPercent, alarmIdleDays, functionSettings, retention, existingBucket, bucketEvents, vpc } = props
  const days = (duration: Duration | undefined) => duration?.toDays({ integral: false })
  const values = {
    endpoint,
    prefixes,
    maximumConcurrency,
    provisionedPollers,
    reservedConcurrency,
    maxReceiveCount,
    memoryMb,
    alarmRejectedPercent,
    alarmIdleDays,
    fileRetentionDays: days(retention?.files),
    reportRetentionDays: days(retention?.reports),
    archiveRetentionDays: days(retention?.archivedLines),
    answerEmails: props.answers?.emails,
    answerWebhook: props.answers?.webhook,
    expectedFiles: props.expectedFiles?.map(expectedFilesText),
    ...functionSettings,
  }
  const objects = {
    ...(existingBucket !== undefined && { bucketName: '' }),
    ...(bucketEvents !== undefined && { bucketEvents: '' }),
    // Without subnets, the function gets the private ones of the VPC.
    ...(vpc !== undefined && { vpcId: '', subnetIds: [] }),
    ...(props.vpcSubnets !== undefined && { subnetIds: [] }),
    ...(props.securityGroups !== undefined && { securityGroupIds: [] }),
  }
  return readSettings(values, objects, (setting) => PROP_NAMES[setting] ?? setting)
}
