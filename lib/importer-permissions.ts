import { ArnFormat, Stack } from 'aws-cdk-lib/core'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX, RATE_KEY, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { AnswerParts } from './answers.ts'
import type { FileSource } from './file-source.ts'
import type { ImportQueue } from './import-queue.ts'

/** What the function reads in its own bucket, besides files. */
const OWN_PREFIXES = [REPORTS_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX]

/** What the function has access to. */
interface ImporterParts {
  readonly bucket: Bucket
  readonly sources: readonly FileSource[]
  readonly importQueue: ImportQueue
  readonly apiKeySecret: ISecret
  readonly encryptionKey?: IKey | undefined
  readonly answers?: AnswerParts | undefined
}

/** Least privilege: one statement for each thing that the function does. */
export function permissions(scope: Construct, props: ImporterParts, logGroup: LogGroup): PolicyStatement[] {
  const { bucket, importQueue, apiKeySecret } = props
  return [
    ...props.sources.flatMap((source) => sourcePermissions(source, source.bucket === bucket)),
    allow('ReadAndWriteReports', bucket.arnForObjects(`${REPORTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('ReadAndWriteCheckpoints', bucket.arnForObjects(`${CHECKPOINTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('ReadControlDocuments', bucket.arnForObjects(`${CONTROL_PREFIX}*`), ['s3:GetObject']),
    allow('WriteRateShares', bucket.arnForObjects(RATE_KEY), ['s3:PutObject']),
    allow('ConsumeImportQueue', importQueue.queue.queueArn, [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueAttributes',
      'sqs:SendMessage',
    ]),
    allow('SendDeadLetters', importQueue.deadLetters.queueArn, ['sqs:SendMessage']),
    allow('ArchiveDeadLetters', importQueue.deadLetters.queueArn, [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
    ]),
    allow('WriteArchivedDeadLetters', bucket.arnForObjects(`${ARCHIVED_PREFIX}*`), ['s3:PutObject']),
    allow('ReadApiKey', apiKeySecret.secretArn, ['secretsmanager:GetSecretValue']),
    ...answerPermissions(props),
    ...keyPermissions(scope, props),
    allow('Log', logGroup.logGroupArn, ['logs:CreateLogStream', 'logs:PutLogEvents']),
  ]
}

/** @param isOwn whether the importer also keeps its reports and checkpoints in this bucket */
function sourcePermissions({ bucket, prefixes }: FileSource, isOwn: boolean): PolicyStatement[] {
  const patterns = prefixes.map((prefix) => `${prefix}*`)
  const name = isOwn ? '' : 'OfExistingBucket'
  return [
    allow(
      `ReadFiles${name}`,
      patterns.map((pattern) => bucket.arnForObjects(pattern)),
      ['s3:GetObject', 's3:GetObjectVersion'],
    ),
    // A tag releases or discards a held file.
    allow(
      `ReadTags${name}`,
      patterns.map((pattern) => bucket.arnForObjects(pattern)),
      ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
    ),
    allow(`ListFiles${name}`, bucket.bucketArn, ['s3:ListBucketVersions'], { StringLike: { 's3:prefix': patterns } }),
    // With this permission S3 answers 404 for a missing object; without it, 403, which would look like a setup error. S3 also checks it when
    // an object is read, and then without a prefix, so a plain StringLike would never match.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    allow(`DistinguishMissingFromForbidden${name}`, bucket.bucketArn, ['s3:ListBucket'], {
      StringLikeIfExists: { 's3:prefix': [...patterns, ...(isOwn ? OWN_PREFIXES.map((prefix) => `${prefix}*`) : [])] },
    }),
  ]
}

function answerPermissions({ answers }: ImporterParts): PolicyStatement[] {
  const { topic, signingSecret } = answers ?? {}
  return [
    ...(topic === undefined ? [] : [allow('PublishAnswers', topic.topicArn, ['sns:Publish'])]),
    ...(signingSecret === undefined ? [] : [allow('ReadSigningKey', signingSecret.secretArn, ['secretsmanager:GetSecretValue'])]),
  ]
}

/** Each key may be used through its service only, so the function cannot decrypt anything else with it. */
function keyPermissions(
  scope: Construct,
  { bucket, sources, apiKeySecret, encryptionKey, answers }: ImporterParts,
): PolicyStatement[] {
  const { region, urlSuffix } = Stack.of(scope)
  const through = (...services: string[]) => ({
    StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.${urlSuffix}`) },
  })
  const decrypts = (sid: string, key: IKey, service: string) => allow(sid, key.keyArn, ['kms:Decrypt'], through(service))
  const secretKey = apiKeySecret.encryptionKey
  return [
    ...(encryptionKey === undefined
      ? []
      : [
          allow('UseEncryptionKey', encryptionKey.keyArn, ['kms:Decrypt', 'kms:GenerateDataKey'], through('s3', 'sqs')),
          ...(secretKey === undefined ? [decrypts('DecryptApiKey', encryptionKey, 'secretsmanager')] : []),
        ]),
    ...(secretKey === undefined ? [] : [decrypts('DecryptApiKey', secretKey, 'secretsmanager')]),
    ...(answers?.topicKey === undefined
      ? []
      : [allow('EncryptAnswers', answers.topicKey.keyArn, ['kms:Decrypt', 'kms:GenerateDataKey'], through('sns'))]),
    ...(answers?.signingSecret?.encryptionKey === undefined
      ? []
      : [decrypts('DecryptSigningKey', answers.signingSecret.encryptionKey, 'secretsmanager')]),
    ...sources
      .filter((source) => source.bucket !== bucket)
      .flatMap((source) =>
        source.bucket.encryptionKey === undefined ? [] : [decrypts('DecryptFiles', source.bucket.encryptionKey, 's3')],
      ),
  ]
}

/**
 * Lambda connects the function to the VPC with the role of the function. The function's own code may not do it.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export function networkPermissions(scope: Construct): PolicyStatement[] {
  const actions = [
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ]
  const functions = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  return [
    allow('ConnectToVpc', '*', actions),
    new PolicyStatement({
      sid: 'CodeDoesNotChangeVpc',
      effect: Effect.DENY,
      actions,
      resources: ['*'],
      conditions: { ArnLike: { 'lambda:SourceFunctionArn': functions } },
    }),
  ]
}

function allow(
  sid: string,
  resources: string | readonly string[],
  actions: string[],
  conditions?: Record<string, unknown>,
): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.ALLOW,
    actions,
    resources: [resources].flat(),
    ...(conditions !== undefined && { conditions }),
  })
}
