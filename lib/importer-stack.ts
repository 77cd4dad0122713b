import { Duration, RemovalPolicy, Stack, Tags, Validations, type StackProps } from 'aws-cdk-lib/core'
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2'
import { AccountPrincipal, ArnPrincipal, ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam'
import { Key, type IKey } from 'aws-cdk-lib/aws-kms'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, type IBucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { acknowledgeCompliance } from './compliance.ts'
import { parseExpectedFiles } from './expected-files.ts'
import { createEncryptionKey } from './encryption-key.ts'
import type { KissmetricsImporterProps } from './importer-props.ts'
import { KissmetricsImporter } from './kissmetrics-importer.ts'
import type { Settings } from './settings.ts'

export interface ImporterStackProps extends StackProps {
  readonly settings: Settings
}

/** The stack that `npx cdk deploy` deploys: one importer, built from the settings. */
export class ImporterStack extends Stack {
  readonly importer: KissmetricsImporter

  constructor(scope: Construct, id: string, { settings, ...props }: ImporterStackProps) {
    super(scope, id, {
      description: 'Imports JSON-lines files from a bucket into Kissmetrics',
      terminationProtection: settings.terminationProtection ?? false,
      ...props,
    })
    // The id "Default" adds nothing to the logical ids of the resources.
    this.importer = new KissmetricsImporter(this, 'Default', {
      ...numbersOf(settings),
      ...existingParts(this, settings),
      ...networkOf(this, settings),
      ...answersOf(this, settings),
      encryptionKey: encryptionKeyOf(this, settings),
      accessLogsBucket: accessLogsBucketOf(this, settings),
    })
    this.importer.addOutputs()
    for (const address of settings.alarmEmails ?? []) {
      const subscription = this.importer.alarmTopic.addSubscription(new EmailSubscription(address))
      Validations.of(subscription).acknowledge({
        id: 'Serverless-SNSRedrivePolicy',
        reason: 'SNS tries to send a mail for six hours, and the alarm stays in CloudWatch until its cause is gone.',
      })
    }
    for (const uploader of settings.uploaders ?? [])
      this.importer.grantUpload(uploader.startsWith('arn:') ? new ArnPrincipal(uploader) : new AccountPrincipal(uploader))
    for (const tag of settings.tags ?? []) Tags.of(this).add(...keyAndValue(tag))
    if (settings.profile === 'strict') acknowledgeCompliance(this)
    if (settings.permissionsBoundaryArn !== undefined) {
      const boundary = ManagedPolicy.fromManagedPolicyArn(this, 'PermissionsBoundary', settings.permissionsBoundaryArn)
      PermissionsBoundary.of(this).apply(boundary)
    }
  }
}

function keyAndValue(tag: string): [string, string] {
  const equals = tag.indexOf('=')
  return [tag.slice(0, equals), tag.slice(equals + 1)]
}

/** Each member is a number of days. */
const LOG_RETENTIONS = Object.values(RetentionDays).filter((value) => typeof value !== 'string')

function numbersOf(settings: Settings): KissmetricsImporterProps {
  const days = (count: number | undefined) => (count === undefined ? undefined : Duration.days(count))
  return {
    endpoint: settings.endpoint,
    // With pollers it has no effect, and the construct refuses both.
    ...(settings.provisionedPollers === undefined && { maximumConcurrency: settings.maximumConcurrency }),
    provisionedPollers: settings.provisionedPollers,
    reservedConcurrency: settings.reservedConcurrency,
    maxReceiveCount: settings.maxReceiveCount,
    memoryMb: settings.memoryMb,
    functionSettings: settings.overrides,
    alarmRejectedPercent: settings.alarmRejectedPercent,
    alarmIdleDays: settings.alarmIdleDays,
    logRetention: LOG_RETENTIONS.find((retention) => String(retention) === String(settings.logRetentionDays)),
    retention: {
      files: days(settings.fileRetentionDays),
      reports: days(settings.reportRetentionDays),
      archivedLines: days(settings.archiveRetentionDays),
    },
  }
}

/** The bucket and the secret that exist already, with their keys. */
function existingParts(scope: Construct, settings: Settings): KissmetricsImporterProps {
  const { apiKeySecretArn, bucketName, bucketEvents = 'eventbridge', prefixes } = settings
  const keyOf = (id: string, arn: string | undefined) =>
    arn === undefined ? {} : { encryptionKey: Key.fromKeyArn(scope, id, arn) }
  return {
    prefixes,
    ...(apiKeySecretArn !== undefined && {
      apiKeySecret: Secret.fromSecretAttributes(scope, 'ApiKeySecret', {
        secretCompleteArn: apiKeySecretArn,
        ...keyOf('ApiKeySecretKey', settings.apiKeySecretKeyArn),
      }),
    }),
    ...(bucketName !== undefined && {
      existingBucket: Bucket.fromBucketAttributes(scope, 'SourceBucket', {
        bucketName,
        ...keyOf('SourceBucketKey', settings.bucketKeyArn),
      }),
      bucketEvents:
        bucketEvents === 'eventbridge' || bucketEvents === 's3'
          ? bucketEvents
          : Topic.fromTopicArn(scope, 'BucketEvents', bucketEvents),
    }),
  }
}

/** Where answers are pushed, and the files that are expected. */
function answersOf(scope: Construct, settings: Settings): KissmetricsImporterProps {
  const { answerTopicArn, answerTopicKeyArn, answerEmails, answerWebhook, answerSigningSecretArn, answerLink } = settings
  const hasAnswers = [answerTopicArn, answerEmails, answerWebhook].some((each) => each !== undefined)
  const secretKey = settings.answerSigningSecretKeyArn
  return {
    expectedFiles: settings.expectedFiles?.map(parseExpectedFiles),
    ...(hasAnswers && {
      answers: {
        emails: answerEmails,
        webhook: answerWebhook,
        link: answerLink,
        ...(answerTopicArn !== undefined && {
          topic: Topic.fromTopicAttributes(scope, 'AnswerTopic', {
            topicArn: answerTopicArn,
            ...(answerTopicKeyArn !== undefined && { keyArn: answerTopicKeyArn }),
          }),
        }),
        ...(answerSigningSecretArn !== undefined && {
          signingSecret: Secret.fromSecretAttributes(scope, 'AnswerSigningSecret', {
            secretCompleteArn: answerSigningSecretArn,
            ...(secretKey !== undefined && { encryptionKey: Key.fromKeyArn(scope, 'AnswerSigningSecretKey', secretKey) }),
          }),
        }),
      },
    }),
  }
}

function encryptionKeyOf(scope: Construct, { encryption = 'aws' }: Settings): IKey | undefined {
  if (encryption === 'aws') return undefined
  return encryption === 'customer'
    ? createEncryptionKey(scope, 'EncryptionKey')
    : Key.fromKeyArn(scope, 'EncryptionKey', encryption)
}

/** The ids are given, so that `cdk synth` needs no credentials to look them up. */
function networkOf(scope: Construct, { vpcId, subnetIds = [], securityGroupIds }: Settings): KissmetricsImporterProps {
  if (vpcId === undefined) return {}
  Validations.of(scope).acknowledge({
    id: '@aws-cdk/aws-ec2:noSubnetRouteTableId',
    reason: 'The importer does not change the routes of the VPC, so it does not need the ids of route tables.',
  })
  return {
    vpc: Vpc.fromVpcAttributes(scope, 'Vpc', {
      vpcId,
      // The zones do not reach the template; the CDK wants as many as there are subnets.
      availabilityZones: subnetIds.map(String),
      privateSubnetIds: [...subnetIds],
    }),
    vpcSubnets: { subnets: subnetIds.map((subnetId) => Subnet.fromSubnetId(scope, subnetId, subnetId)) },
    securityGroups: securityGroupIds?.map((id) => SecurityGroup.fromSecurityGroupId(scope, id, id, { mutable: false })),
  }
}

function accessLogsBucketOf(scope: Construct, { accessLogs }: Settings): IBucket | undefined {
  if (accessLogs === undefined) return undefined
  Validations.of(scope).acknowledge({
    id: '@aws-cdk/aws-s3:accessLogsPolicyNotAdded',
    reason: 'The owner of an existing bucket for access logs allows S3 to write to it.',
  })
  if (accessLogs !== 'create') return Bucket.fromBucketName(scope, 'ExistingAccessLogs', accessLogs)
  const bucket = new Bucket(scope, 'AccessLogs', {
    // S3 cannot write its logs into a bucket with a customer key.
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    lifecycleRules: [{ id: 'old-logs', expiration: Duration.days(400), noncurrentVersionExpiration: Duration.days(1) }],
  })
  bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
  // The types of the CDK differ in what may be undefined.
  return bucket as IBucket
}
