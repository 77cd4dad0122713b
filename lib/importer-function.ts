import { fileURLToPath } from 'node:url'
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, EventSourceMapping, RecursiveLoop, Runtime, Tracing, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction, OutputFormat, type BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, INCOMING_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import { BUNDLE } from './bundle.ts'
import type { ImportQueue } from './import-queue.ts'
import type { Part, Wiring } from './wiring.ts'

export interface ImporterFunctionProps {
  readonly bucket: Bucket
  readonly importQueue: ImportQueue
  readonly apiKeySecretArn: string
  readonly wiring: Pick<Wiring, 'function' | 'eventSource'>
}

/** A path in this project, independent of the working directory. */
const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The Lambda function that imports files, with its role, its event source and its log group. */
export class ImporterFunction extends Construct {
  readonly function: IFunction
  readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: ImporterFunctionProps) {
    super(scope, id)
    const { importQueue, wiring } = props
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
      // The log holds counts and reasons, but no lines: nothing worth keeping once the importer is removed.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(this, 'Role', {
      description: 'Permissions of the Kissmetrics importer',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Import: new PolicyDocument({ statements: permissions(props, this.logGroup) }) },
    })
    this.function = new NodejsFunction(this, 'Function', {
      description: 'Imports files from a bucket into Kissmetrics, line by line',
      entry: fromRoot('lambda/handler.ts'),
      handler: 'handler',
      projectRoot: fromRoot(''),
      depsLockFilePath: fromRoot('package-lock.json'),
      bundling: bundling(),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: wiring.function.memoryMb,
      timeout: Duration.seconds(wiring.function.timeoutSeconds),
      role,
      logGroup: this.logGroup,
      environment: environment(props),
      // The query of each request contains the API key, and a trace would record it.
      tracing: Tracing.DISABLED,
      // A redriven dead letter keeps the trace of its earlier rounds, and so does work that the importer requeues. After 16 rounds Lambda
      // would treat that as a loop and drop the message. It is not one: each round is started by a person or makes progress.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
    })
    const eventSource = new EventSourceMapping(this, 'EventSource', {
      target: this.function,
      eventSourceArn: importQueue.queue.queueArn,
      batchSize: wiring.eventSource.batchSize,
      maxConcurrency: wiring.eventSource.maximumConcurrency,
      reportBatchItemFailures: wiring.eventSource.reportBatchItemFailures,
    })
    // Lambda checks that it may read the queue while it creates the mapping.
    eventSource.node.addDependency(role)

    acknowledge(props, role, this.function, eventSource)
  }
}

/** Least privilege: one statement for each thing that the function does. */
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
    allow('ReadFiles', bucket.arnForObjects(`${INCOMING_PREFIX}*`), ['s3:GetObject', 's3:GetObjectVersion']),
    allow('ReadAndWriteReports', bucket.arnForObjects(`${REPORTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('ReadAndWriteCheckpoints', bucket.arnForObjects(`${CHECKPOINTS_PREFIX}*`), ['s3:GetObject', 's3:PutObject']),
    allow('ListFiles', bucket.bucketArn, ['s3:ListBucketVersions'], { StringLike: { 's3:prefix': [`${INCOMING_PREFIX}*`] } }),
    // With this permission S3 answers 404 for a missing object; without it, 403, which would look like a setup error. S3 also checks it when
    // an object is read, and then without a prefix, so a plain StringLike would never match.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    allow('DistinguishMissingFromForbidden', bucket.bucketArn, ['s3:ListBucket'], {
      StringLikeIfExists: { 's3:prefix': [`${INCOMING_PREFIX}*`, `${REPORTS_PREFIX}*`, `${CHECKPOINTS_PREFIX}*`] },
    }),
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
    allow('ReadApiKey', apiKeySecretArn, ['secretsmanager:GetSecretValue']),
    allow('Log', logGroup.logGroupArn, ['logs:CreateLogStream', 'logs:PutLogEvents']),
  ]
}

function environment({ bucket, importQueue, apiKeySecretArn, wiring }: ImporterFunctionProps): Record<string, string> {
  const parts: Readonly<Record<Part, string>> = {
    bucket: bucket.bucketName,
    importQueueUrl: importQueue.queue.queueUrl,
    deadLetterQueueUrl: importQueue.deadLetters.queueUrl,
    apiKeySecretArn,
  }
  const { values, references } = wiring.function.environment
  return { ...values, ...Object.fromEntries(Object.entries(references).map(([name, part]) => [name, parts[part]])) }
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
      reason: `Object names under ${prefix} come from the names of uploaded files, which are not known at deployment.`,
    })
  }
  Validations.of(importer).acknowledge(
    { id: 'Serverless-LambdaTracing', reason: 'The query of each request contains the API key, and a trace would record it.' },
    {
      id: 'Serverless-LambdaDLQ',
      reason:
        'Only the queue invokes the function, and the queue has a dead-letter queue. That of a function is for asynchronous invocations.',
    },
  )
  Validations.of(eventSource).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason: 'An SQS event source has no failure destination: the redrive policy of the queue does the same.',
  })
}
