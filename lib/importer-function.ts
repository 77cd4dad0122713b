import { fileURLToPath } from 'node:url'
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, EventSourceMapping, RecursiveLoop, Runtime, Tracing, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction, OutputFormat, type BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { TEXT_SETTINGS } from '../lambda/settings.ts'
import { BUNDLE } from './bundle.ts'
import { CHECKPOINTS_PREFIX, INCOMING_PREFIX, ARCHIVED_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import type { ImportQueue } from './import-queue.ts'
import type { Settings } from './settings.ts'

export interface ImporterFunctionProps {
  readonly bucket: Bucket
  readonly importQueue: ImportQueue
  readonly apiKeySecretArn: string
  readonly settings: Pick<Settings, 'endpoint' | 'overrides' | 'maximumConcurrency'>
}

/** As long as Lambda lets a function run. */
export const FUNCTION_TIMEOUT = Duration.minutes(15)

/**
 * An import needs less than 130 MB whatever the size of the drop; memory is bought for the share of a processor that comes with it.
 * 1,024 MB is 0.58 of one: some 6,000 lines a second at the 85 µs that a line was measured to take. That is as many as 64 requests in flight
 * can carry to an endpoint 10 ms away; the 1,769 MB of a whole processor would mostly wait, and be paid for.
 */
const MEMORY_MB = 1024

/** From the root of the project, so that it does not matter where the command was given. */
const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The function that imports, with what it may do, what it hears of and where it logs. */
export class ImporterFunction extends Construct {
  readonly function: IFunction
  readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: ImporterFunctionProps) {
    super(scope, id)
    const { importQueue, settings } = props
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
      // It holds counts and reasons, no line: nothing that is worth keeping when the importer is gone.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(this, 'Role', {
      description: 'What the Kissmetrics importer may do',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Import: new PolicyDocument({ statements: permissions(props, this.logGroup) }) },
    })
    this.function = new NodejsFunction(this, 'Function', {
      description: 'Imports the drops of a bucket into Kissmetrics, line by line',
      entry: fromRoot('lambda/handler.ts'),
      handler: 'handler',
      projectRoot: fromRoot(''),
      depsLockFilePath: fromRoot('package-lock.json'),
      bundling: bundling(),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MB,
      timeout: FUNCTION_TIMEOUT,
      role,
      logGroup: this.logGroup,
      environment: environment(props),
      // The key travels in each request's query, and a trace would show it.
      tracing: Tracing.DISABLED,
      // A letter keeps the trace of its earlier rounds, and so does work that the importer hands on to itself: at sixteen, Lambda would
      // take it for a loop and throw it away. Each round is a person's doing or a step forward, so none can go on by itself.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
    })
    const eventSource = new EventSourceMapping(this, 'EventSource', {
      target: this.function,
      eventSourceArn: importQueue.queue.queueArn,
      // One drop is work for minutes: a second one in the same batch would wait for it, and come again with it when it fails.
      batchSize: 1,
      maxConcurrency: settings.maximumConcurrency,
      reportBatchItemFailures: true,
    })
    // Lambda tries the queue when the mapping is made.
    eventSource.node.addDependency(role)

    acknowledge(props, role, this.function, eventSource)
  }
}

/** Everything that the function may do: one statement for each thing that it does. */
function permissions({ bucket, importQueue, apiKeySecretArn }: ImporterFunctionProps, logGroup: LogGroup): PolicyStatement[] {
  const allow = (sid: string, resource: string, actions: string[], conditions?: Record<string, unknown>) =>
    new PolicyStatement({
      sid,
      effect: Effect.ALLOW,
      actions,
      resources: [resource],
      ...(conditions !== undefined && { conditions }),
    })
  return [
    allow('ReadDrops', bucket.arnForObjects(`${INCOMING_PREFIX}*`), ['s3:GetObject', 's3:GetObjectVersion']),
    allow('KeepReports', bucket.arnForObjects(`${REPORTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('KeepCheckpoints', bucket.arnForObjects(`${CHECKPOINTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('FindLostDrops', bucket.bucketArn, ['s3:ListBucketVersions'], { StringLike: { 's3:prefix': [`${INCOMING_PREFIX}*`] } }),
    // So that an object that is not there is 404 and not 403, which would look like a wrong set-up. S3 asks this when an object is read too, and
    // then without a prefix, so a plain StringLike would never hold. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    allow('TellMissingFromForbidden', bucket.bucketArn, ['s3:ListBucket'], {
      StringLikeIfExists: { 's3:prefix': [`${INCOMING_PREFIX}*`, `${REPORTS_PREFIX}*`, `${CHECKPOINTS_PREFIX}*`] },
    }),
    allow('WorkOffTheQueue', importQueue.queue.queueArn, [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:GetQueueAttributes',
      'sqs:SendMessage',
    ]),
    allow('SendDeadLetters', importQueue.deadLetters.queueArn, ['sqs:SendMessage']),
    allow('ParkDeadLetters', importQueue.deadLetters.queueArn, [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
    ]),
    allow('KeepParkedLetters', bucket.arnForObjects(`${ARCHIVED_PREFIX}*`), ['s3:PutObject']),
    allow('ReadTheKey', apiKeySecretArn, ['secretsmanager:GetSecretValue']),
    allow('Log', logGroup.logGroupArn, ['logs:CreateLogStream', 'logs:PutLogEvents']),
  ]
}

/** The names are those of lambda/settings.ts. Never the key: whoever may look at the function would see it. */
function environment({ bucket, importQueue, apiKeySecretArn, settings }: ImporterFunctionProps): Record<string, string> {
  const overrides = Object.entries(settings.overrides).map(([name, value]) => [name, String(value)] as const)
  return {
    [TEXT_SETTINGS.endpoint]: settings.endpoint,
    [TEXT_SETTINGS.apiKeySecret]: apiKeySecretArn,
    [TEXT_SETTINGS.importQueueUrl]: importQueue.queue.queueUrl,
    [TEXT_SETTINGS.deadLetterQueueUrl]: importQueue.deadLetters.queueUrl,
    [TEXT_SETTINGS.bucket]: bucket.bucketName,
    ...Object.fromEntries(overrides),
    NODE_OPTIONS: '--enable-source-maps',
  }
}

function bundling(): BundlingOptions {
  const { format: _esm, sourcemap, mainFields, ...rest } = BUNDLE
  return { ...rest, format: OutputFormat.ESM, sourceMap: sourcemap, mainFields: [...mainFields], bundleAwsSDK: true }
}

function acknowledge({ bucket }: ImporterFunctionProps, role: Role, importer: IFunction, eventSource: EventSourceMapping): void {
  const bucketId = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)
  for (const prefix of [INCOMING_PREFIX, REPORTS_PREFIX, CHECKPOINTS_PREFIX, ARCHIVED_PREFIX]) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucketId}.Arn>/${prefix}*]`,
      reason: `What lies under ${prefix} is named by the people who drop files, so the star stands for names that nobody knows yet.`,
    })
  }
  Validations.of(importer).acknowledge(
    { id: 'Serverless-LambdaTracing', reason: 'The API key travels in the query of each request, and a trace would keep it.' },
    {
      id: 'Serverless-LambdaDLQ',
      reason:
        'Only the queue invokes the function, and the queue has a dead-letter queue; that of a function is for asynchronous calls.',
    },
  )
  Validations.of(eventSource).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason: 'A queue as event source has no failure destination; its redrive policy is that.',
  })
}
