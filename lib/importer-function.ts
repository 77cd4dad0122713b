import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AssetHashType, DockerImage, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  Architecture,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  RecursiveLoop,
  Runtime,
  Tracing,
  type IFunction,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import { TEXT_SETTINGS } from '../lambda/settings/names.ts'
import type { AnswerParts } from './answers.ts'
import { networkPermissions, permissions } from './importer-permissions.ts'
import type { ImportQueue } from './import-queue.ts'
import { placesIn, type FileSource } from './file-source.ts'
import type { Part, Wiring } from './wiring.ts'

export interface ImporterFunctionProps {
  readonly bucket: Bucket
  /** Where files come from: the bucket of the importer, and perhaps an existing one. */
  readonly sources: readonly FileSource[]
  readonly importQueue: ImportQueue
  readonly apiKeySecret: ISecret
  readonly wiring: Pick<Wiring, 'function' | 'eventSource'>
  /** Where it pushes answers about files. @default - nowhere */
  readonly answers?: AnswerParts | undefined
  /** Encrypts bucket, queues and logs. @default - AWS manages the keys */
  readonly encryptionKey?: IKey | undefined
  /** @default - 90 days */
  readonly logRetention?: RetentionDays | undefined
  /** @default - the function runs outside any VPC */
  readonly network?: Network | undefined
  /** @default - the function shares the concurrency of the account */
  readonly reservedConcurrency?: number | undefined
  /** The minimum of pollers that are always there. @default - Lambda starts and stops pollers by itself */
  readonly provisionedPollers?: number | undefined
}

/** The part of a VPC that the function runs in. */
export interface Network {
  readonly vpc: IVpc
  /** @default - the private subnets of the VPC */
  readonly vpcSubnets?: SubnetSelection | undefined
  /** @default - a new one, which allows no inbound connection */
  readonly securityGroups?: readonly ISecurityGroup[] | undefined
}

/** A path in this project, independent of the working directory. */
const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The Lambda function that imports files, with its role, its event source and its log group. */
export class ImporterFunction extends Construct {
  readonly function: IFunction
  readonly role: Role
  readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: ImporterFunctionProps) {
    super(scope, id)
    const { importQueue, wiring, encryptionKey, network, reservedConcurrency, provisionedPollers } = props
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      ...(encryptionKey !== undefined && { encryptionKey }),
      // The log holds counts and reasons, but no lines: nothing worth keeping once the importer is removed.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const statements = [...permissions(this, props, this.logGroup), ...(network === undefined ? [] : networkPermissions(this))]
    const role = new Role(this, 'Role', {
      description: 'Permissions of the Kissmetrics importer',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Import: new PolicyDocument({ statements: statements }) },
    })
    this.role = role
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Imports files from a bucket into Kissmetrics, line by line',
      code: code(),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: wiring.function.memoryMb,
      timeout: Duration.seconds(wiring.function.timeoutSeconds),
      role,
      ...(network !== undefined && {
        vpc: network.vpc,
        ...(network.vpcSubnets !== undefined && { vpcSubnets: network.vpcSubnets }),
        ...(network.securityGroups !== undefined && { securityGroups: [...network.securityGroups] }),
      }),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
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
      // The default, but drift detection, and so `km-import doctor`, only compares what the template names.
      enabled: true,
      batchSize: wiring.eventSource.batchSize,
      // Lambda refuses both together.
      ...(provisionedPollers === undefined
        ? { maxConcurrency: wiring.eventSource.maximumConcurrency }
        : { provisionedPollerConfig: { minimumPollers: provisionedPollers, maximumPollers: provisionedPollers } }),
      reportBatchItemFailures: wiring.eventSource.reportBatchItemFailures,
    })
    // Lambda checks that it may read the queue while it creates the mapping.
    eventSource.node.addDependency(role)

    acknowledge(props, role, this.function, eventSource)
  }
}

function environment({
  bucket,
  sources,
  importQueue,
  apiKeySecret,
  wiring,
  answers,
}: ImporterFunctionProps): Record<string, string> {
  const parts: Readonly<Record<Part, string>> = {
    bucket: bucket.bucketName,
    importQueueUrl: importQueue.queue.queueUrl,
    deadLetterQueueUrl: importQueue.deadLetters.queueUrl,
    apiKeySecretArn: apiKeySecret.secretArn,
  }
  const { values, references } = wiring.function.environment
  const places = placesIn(sources)
  return {
    ...values,
    ...answers?.environment,
    ...(places !== undefined && { [TEXT_SETTINGS.sources]: places }),
    ...Object.fromEntries(Object.entries(references).map(([name, part]) => [name, parts[part]])),
  }
}

/** The function from the npm package, which contains it bundled, or else bundled from its source. */
function code(): Code {
  const bundled = fromRoot('function')
  if (existsSync(bundled)) return Code.fromAsset(bundled)
  const tryBundle = (outDir: string) => {
    // In a process of its own, because a construct cannot wait for a promise.
    execFileSync(process.execPath, [fromRoot('bin/write-function.ts'), outDir], { stdio: ['ignore', 'ignore', 'inherit'] })
    return true
  }
  return Code.fromAsset(fromRoot('lambda'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: { image: DockerImage.fromRegistry('not-used'), local: { tryBundle } },
  })
}

function acknowledge(
  { bucket, sources, network }: ImporterFunctionProps,
  role: Role,
  importer: IFunction,
  eventSource: EventSourceMapping,
): void {
  const own = [REPORTS_PREFIX, CHECKPOINTS_PREFIX, ARCHIVED_PREFIX].map((prefix) => bucket.arnForObjects(`${prefix}*`))
  const uploaded = sources.flatMap((source) => source.prefixes.map((prefix) => source.bucket.arnForObjects(`${prefix}*`)))
  for (const arn of [...uploaded, ...own]) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${inFinding(role, arn)}]`,
      reason: 'Object names come from the names of uploaded files, which are not known at deployment.',
    })
  }
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::${inFinding(role, bucket.arnForObjects(`${CONTROL_PREFIX}*`))}]`,
    reason: 'People give their orders to the importer in documents under this prefix, and the function reads them all.',
  })
  if (network !== undefined) {
    const reason =
      'Lambda requires these permissions on all network interfaces to connect a function to a VPC. The code of the function is denied them.'
    Validations.of(role).acknowledge(
      { id: 'AwsSolutions-IAM5[Resource::*]', reason },
      { id: 'Serverless-LambdaStarPermissions', reason },
    )
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

/** A resource as cdk-nag writes it in the id of a finding: `<Bucket.Arn>/incoming/*`. */
function inFinding(scope: Construct, arn: string): string {
  const text = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value)
    const [name, argument] = Object.entries(value as Record<string, unknown>)[0] ?? []
    if (name === 'Ref') return `<${String(argument)}>`
    if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`
    return (argument as [string, unknown[]])[1].map(text).join('')
  }
  return text(Stack.of(scope).resolve(arn))
}
