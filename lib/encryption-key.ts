import { RemovalPolicy, Stack } from 'aws-cdk-lib/core'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'

/** The services that send to an encrypted queue or topic: S3 and EventBridge and SNS events, and CloudWatch alarms. */
const SENDERS = ['s3.amazonaws.com', 'events.amazonaws.com', 'sns.amazonaws.com', 'cloudwatch.amazonaws.com']

/**
 * A KMS key for everything that an importer stores: files, reports, both queues, the secret, logs and alarms.
 *
 * Its policy names accounts and services, never a bucket or queue. They refer to the key, so a reference back would be a cycle that
 * CloudFormation refuses.
 */
export function createEncryptionKey(scope: Construct, id: string): Key {
  const { account, region, partition } = Stack.of(scope)
  const key = new Key(scope, id, {
    description: 'Encrypts the files, queues, secret and logs of the Kissmetrics importer',
    enableKeyRotation: true,
    // Bucket and queues stay when the stack is removed, and nobody can read them without the key.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  })
  for (const service of SENDERS) {
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    )
  }
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
      },
    }),
  )
  return key
}
