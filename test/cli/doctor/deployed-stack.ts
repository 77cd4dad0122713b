import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Deployed, ACCOUNT, GUID, REGION } from '../../lib/deployed.ts'
import { LAST_SEARCH_KEY } from '../../../lambda/keys.ts'
import type { AwsRecorder, RecordedAnswer } from '../../support/aws-recorder.ts'

export const STACK = 'KissmetricsImporter'
export const KEY = '0123456789abcdef0123456789abcdef01234567'
export const EXISTING_BUCKET = 'team-uploads'

const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' }

/**
 * A stack with an existing bucket, as the template says: moto has its buckets, queues, policies and secret, and CloudFormation's answers are
 * made from the template, because moto knows neither the policies of queues nor drift detection.
 */
export class DeployedStack {
  readonly s3: S3Client
  readonly sqs: SQSClient
  readonly secrets: SecretsManagerClient
  readonly outputs: Record<string, string>
  readonly #deployed: Deployed

  static async create(motoUrl: string): Promise<DeployedStack> {
    const stack = new DeployedStack(motoUrl, new Deployed({ bucketName: EXISTING_BUCKET, prefixes: 'exports/km/' }))
    await stack.#deploy()
    return stack
  }

  private constructor(endpoint: string, deployed: Deployed) {
    const config = { endpoint, region: REGION, credentials: CREDENTIALS }
    this.s3 = new S3Client({ ...config, forcePathStyle: true })
    this.sqs = new SQSClient({ ...config, useQueueUrlAsEndpoint: false })
    this.secrets = new SecretsManagerClient(config)
    this.#deployed = deployed
    this.outputs = Object.fromEntries(
      Object.entries(deployed.outputs).map(([name, { Value }]) => [
        name,
        String(deployed.resolve(Value)).replace(/^<(.*)>$/, '$1'),
      ]),
    )
  }

  async #deploy(): Promise<void> {
    const { at } = {
      at: (constructPath: string) => this.#deployed.resolve(this.#deployed.at(constructPath).Properties) as Properties,
    }
    for (const name of ['ImportQueue/DeadLetters', 'ImportQueue/Queue']) {
      const { QueueName, VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy, RedriveAllowPolicy } = at(name)
      const Attributes = {
        MessageRetentionPeriod: String(MessageRetentionPeriod),
        ...(VisibilityTimeout !== undefined && { VisibilityTimeout: JSON.stringify(VisibilityTimeout) }),
        ...(RedrivePolicy !== undefined && { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
        ...(RedriveAllowPolicy !== undefined && { RedriveAllowPolicy: JSON.stringify(RedriveAllowPolicy) }),
        Policy: JSON.stringify(at(`${name}/Policy`)['PolicyDocument']),
      }
      const { QueueUrl } = await this.sqs.send(new CreateQueueCommand({ QueueName: String(QueueName), Attributes }))
      await this.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))
    }
    const bucket = at('ImportBucket/Bucket')
    await this.s3.send(
      new CreateBucketCommand({ Bucket: this.outputs['BucketName'], CreateBucketConfiguration: { LocationConstraint: REGION } }),
    )
    await this.notify(this.outputs['BucketName']!, notificationsOf(bucket['NotificationConfiguration']))
    await this.s3.send(
      new CreateBucketCommand({ Bucket: EXISTING_BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
    )
    await this.notify(EXISTING_BUCKET, { EventBridgeConfiguration: {} })
    await this.store(KEY)
    await this.searched(1)
  }

  notify(Bucket: string, NotificationConfiguration: NotificationConfiguration) {
    return this.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
  }

  /** Stores what a daily search has found. */
  async searched(daysAgo: number): Promise<void> {
    const finishedAt = new Date(Date.now() - daysAgo * 86_400_000).toISOString()
    const Body = JSON.stringify({ finishedAt, files: 7 })
    await this.s3.send(new PutObjectCommand({ Bucket: this.outputs['BucketName'], Key: LAST_SEARCH_KEY, Body }))
  }

  /** Makes a secret with this value. */
  async store(SecretString: string | undefined): Promise<void> {
    const Name = `api-key-${Math.random()}`
    const { ARN = '' } = await this.secrets.send(
      new CreateSecretCommand({ Name, ...(SecretString !== undefined && { SecretString }) }),
    )
    this.outputs['ApiKeySecretArn'] = ARN
  }

  /** What CloudFormation answers about this stack. */
  answer({ answers }: AwsRecorder, status = 'UPDATE_COMPLETE'): void {
    const outputs = Object.entries(this.outputs).map(
      ([name, value]) => `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    answers.set(
      'cloudformation:DescribeStacks',
      cloudFormation(
        'DescribeStacks',
        `<Stacks><member><StackName>${STACK}</StackName><StackId>arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${STACK}/${GUID}</StackId><StackStatus>${status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${outputs.join('')}</Outputs></member></Stacks>`,
      ),
    )
    const resources = Object.entries(this.#deployed.resources).map(
      ([id, { Type }]) =>
        `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceType>${Type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>`,
    )
    answers.set(
      'cloudformation:ListStackResources',
      cloudFormation('ListStackResources', `<StackResourceSummaries>${resources.join('')}</StackResourceSummaries>`),
    )
  }
}

type Properties = Readonly<Record<string, unknown>>

interface TemplateNotifications {
  readonly QueueConfigurations: readonly {
    readonly Event: 's3:ObjectCreated:*' | 's3:ObjectTagging:Put'
    readonly Queue: string
    readonly Filter: { readonly S3Key: { readonly Rules: readonly { readonly Name: 'prefix'; readonly Value: string }[] } }
  }[]
}

/** CloudFormation names the parts of a notification otherwise than S3. */
function notificationsOf(inTemplate: unknown): NotificationConfiguration {
  const { QueueConfigurations } = inTemplate as TemplateNotifications
  return {
    QueueConfigurations: QueueConfigurations.map(({ Event, Queue, Filter }) => ({
      Events: [Event],
      QueueArn: Queue,
      Filter: { Key: { FilterRules: [...Filter.S3Key.Rules] } },
    })),
  }
}

function cloudFormation(operation: string, result: string): RecordedAnswer {
  const body = `<${operation}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${operation}Result>${result}</${operation}Result></${operation}Response>`
  return { status: 200, type: 'text/xml', body }
}
