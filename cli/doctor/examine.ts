import { GetBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import about from '../../package.json' with { type: 'json' }
import { parsePlaces, type Place } from '../../lambda/settings/places.ts'
import { describeStack, type DescribedStack } from '../deployment/stack.ts'
import { printable, shellWord } from '../terminal/escape.ts'
import { checkEndpoint } from './check-endpoint.ts'
import { checkNotifications, type WatchedBucket, type Way } from './check-notifications.ts'
import { checkDeadLetterQueue, checkImportQueue, type QueueFacts } from './check-queues.ts'
import { checkSearch } from './check-search.ts'
import { checkSecret } from './check-secret.ts'
import { checkStatus, checkVersion, isStable } from './check-stack.ts'
import { findingsOf, tryCheck, type Finding } from './finding.ts'
import { checkResource, readMessagePath, type MessagePath, type Resource, type ResourceCheck } from './resources.ts'
import { checkSenders, type Sender } from './sender.ts'

const REQUIRED_OUTPUTS = ['BucketName', 'ImportQueueUrl', 'DeadLetterQueueUrl', 'ApiKeySecretArn'] as const

type Outputs = Readonly<Record<(typeof REQUIRED_OUTPUTS)[number], string>> & { readonly places: readonly Place[] }

/**
 * Examines a deployed stack, in the order in which a file passes through it.
 *
 * @throws SetupError if there is no such stack, or no permission to look at it
 */
export async function* examine(stackName: string): AsyncGenerator<Finding> {
  const described = await describeStack(stackName)
  const { stack, outputs } = described
  yield checkStatus(stack)
  const missing = REQUIRED_OUTPUTS.filter((name) => !outputs.has(name))
  if (missing.length > 0) {
    yield findingsOf('outputs').wrong(
      `The stack has no output ${missing.join(', ')}: it is not a stack of this importer, or its deployment has failed. Nothing else was checked.`,
      `aws cloudformation describe-stacks --stack-name ${shellWord(stackName)} --query "Stacks[0].Outputs"`,
    )
    return
  }
  yield checkVersion(outputs.get('Version'), about.version)
  yield* messagePath(described)
  const deployedAt = (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? 0
  yield* await checkSearch(new S3Client({}), outputs.get('BucketName') ?? '', { stackName, deployedAt, now: Date.now() })
  yield* await checkSecret(outputs.get('ApiKeySecretArn') ?? '')
  const endpoint = outputs.get('Endpoint')
  if (endpoint !== undefined) yield* await checkEndpoint(endpoint)
}

/** Everything between an upload and the function. */
async function* messagePath({ client, stack, outputs }: DescribedStack): AsyncGenerator<Finding> {
  const stackName = stack.StackName ?? ''
  const parts = partsIn(outputs)
  const path: { found?: MessagePath } = {}
  yield* await tryCheck('resources', ['cloudformation:ListStackResources'], async () => {
    path.found = await readMessagePath(client, stackName)
    return []
  })
  const queues = await readQueues(parts)
  yield* queues.findings
  if (path.found !== undefined && queues.importQueue !== undefined) {
    const sources = sourcesOf(parts, path.found, queues.importQueue.attributes.QueueArn ?? '')
    yield* await checkBuckets(sources.watched, queues.importQueue)
    const { url, attributes } = queues.importQueue
    yield* checkSenders({ queueUrl: url, queueArn: attributes.QueueArn ?? '', policy: attributes.Policy }, sources.senders)
  }
  if (path.found !== undefined)
    for (const [resource, how] of resourceChecks(path.found))
      yield isStable(stack)
        ? await checkResource(client, stackName, resource, how)
        : findingsOf(how.check).notChecked('CloudFormation cannot look at it in the present state of the stack.')
}

function partsIn(outputs: ReadonlyMap<string, string>): Outputs {
  const output = (name: string) => outputs.get(name) ?? ''
  return {
    BucketName: output('BucketName'),
    ImportQueueUrl: output('ImportQueueUrl'),
    DeadLetterQueueUrl: output('DeadLetterQueueUrl'),
    ApiKeySecretArn: output('ApiKeySecretArn'),
    places: parsePlaces(outputs.get('Sources'), output('BucketName')),
  }
}

interface Queues {
  readonly importQueue: QueueFacts | undefined
  readonly findings: readonly Finding[]
}

async function readQueues({ ImportQueueUrl, DeadLetterQueueUrl }: Outputs): Promise<Queues> {
  // An endpoint from the user's environment takes precedence over the host in the queue URL.
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false })
  const facts = new Map<string, QueueFacts>()
  const read = (check: string, url: string) =>
    tryCheck(check, ['sqs:GetQueueAttributes'], async () => {
      try {
        const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })
        facts.set(url, { url, attributes: (await sqs.send(command)).Attributes ?? {} })
        return []
      } catch (error) {
        if (!(error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name))) throw error
        return [
          findingsOf(check).wrong(
            'The queue does not exist. Deploy the stack again under another name, which creates its queues, and copy the files.',
            'npx cdk deploy -c product=NAME',
          ),
        ]
      }
    })
  const findings = [...(await read('import queue', ImportQueueUrl)), ...(await read('dead-letter queue', DeadLetterQueueUrl))]
  const importQueue = facts.get(ImportQueueUrl)
  const deadLetters = facts.get(DeadLetterQueueUrl)
  if (importQueue === undefined || deadLetters === undefined) return { importQueue, findings }
  return {
    importQueue,
    findings: [...findings, ...checkImportQueue(importQueue, deadLetters), ...checkDeadLetterQueue(deadLetters, importQueue)],
  }
}

interface Sources {
  readonly watched: readonly WatchedBucket[]
  readonly senders: readonly Sender[]
}

/** Which buckets files come from, and what sends their events to the import queue. */
function sourcesOf({ BucketName, places }: Outputs, path: MessagePath, queueArn: string): Sources {
  const [, partition = 'aws', , region = '', account = ''] = queueArn.split(':')
  const { dailyRules, uploadsRule, subscription } = path
  const topicArn = subscription?.physicalId.split(':').slice(0, -1).join(':')
  const existing: Way =
    topicArn !== undefined
      ? { kind: 'topic', arn: topicArn }
      : uploadsRule !== undefined
        ? { kind: 'eventbridge' }
        : { kind: 'queue' }
  const watched = [...new Set(places.map(({ bucket }) => bucket))].map((bucket) => ({
    bucket,
    prefixes: places.filter((place) => place.bucket === bucket).map(({ prefix }) => prefix),
    way: bucket === BucketName ? ({ kind: 'queue' } as const) : existing,
  }))
  const ofRule =
    (what: string) =>
    ({ physicalId }: Resource): Sender => ({
      what,
      service: 'events.amazonaws.com',
      arn: `arn:${partition}:events:${region}:${account}:rule/${physicalId}`,
      account,
    })
  const senders: readonly Sender[] = [
    ...watched
      .filter(({ way }) => way.kind === 'queue')
      .map(({ bucket }) => ({
        what: `the bucket ${printable(bucket)}`,
        service: 's3.amazonaws.com',
        arn: `arn:${partition}:s3:::${bucket}`,
        account,
      })),
    ...(uploadsRule === undefined ? [] : [ofRule('the rule for uploads')(uploadsRule)]),
    ...(topicArn === undefined
      ? []
      : [{ what: 'the SNS topic', service: 'sns.amazonaws.com', arn: topicArn, account: topicArn.split(':')[4] ?? '' }]),
    ...dailyRules.map(ofRule('the daily rules')),
  ]
  return { watched, senders }
}

async function checkBuckets(watched: readonly WatchedBucket[], { attributes }: QueueFacts): Promise<readonly Finding[]> {
  const s3 = new S3Client({})
  const found = watched.map((each) => {
    const check = `events of ${printable(each.bucket)}`
    return tryCheck(check, ['s3:GetBucketNotification'], async () => {
      try {
        const { $metadata: _metadata, ...notifications } = await s3.send(
          new GetBucketNotificationConfigurationCommand({ Bucket: each.bucket }),
        )
        return checkNotifications(each, notifications, attributes.QueueArn ?? '')
      } catch (error) {
        const problem = error instanceof Error ? BUCKET_PROBLEMS[error.name] : undefined
        if (problem === undefined) throw error
        return [findingsOf(check).wrong(problem, 'npx cdk deploy')]
      }
    })
  })
  return (await Promise.all(found)).flat()
}

const BUCKET_PROBLEMS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'The bucket does not exist. Name another one in the setting bucketName, and deploy again.',
  PermanentRedirect: 'The bucket is in another region. Deploy the stack there.',
  AuthorizationHeaderMalformed: 'The bucket is in another region. Deploy the stack there.',
}

/** The resources that a person can switch off by hand. */
function* resourceChecks({
  eventSource,
  dailyRules,
  uploadsRule,
  subscription,
}: MessagePath): Generator<[Resource, ResourceCheck]> {
  const rule = (check: string, { physicalId }: Resource, stopped: string): ResourceCheck => ({
    check,
    whenUnchanged: 'The rule is enabled, and as it was deployed.',
    action: 'events:DescribeRule and events:ListTargetsByRule',
    stops: { property: '/State', text: stopped, command: `aws events enable-rule --name ${shellWord(physicalId)}` },
  })
  if (uploadsRule !== undefined)
    yield [
      uploadsRule,
      rule('rule for uploads', uploadsRule, 'The rule is disabled, so files are only found by the daily search.'),
    ]
  if (subscription !== undefined)
    yield [
      subscription,
      {
        check: 'subscription',
        whenUnchanged: 'The import queue subscribes to the SNS topic, as it was deployed.',
        action: 'sns:GetSubscriptionAttributes',
      },
    ]
  for (const each of dailyRules)
    yield [
      each,
      rule(
        'daily rules',
        each,
        'The rule is disabled, so files whose event was lost are not found, and old dead letters are not archived.',
      ),
    ]
  if (eventSource !== undefined)
    yield [
      eventSource,
      {
        check: 'event source',
        whenUnchanged: 'The function takes messages from the import queue.',
        action: 'lambda:GetEventSourceMapping',
        stops: {
          property: '/Enabled',
          text: 'It is disabled: files wait in the import queue, and nothing is imported.',
          command: `aws lambda update-event-source-mapping --uuid ${shellWord(eventSource.physicalId)} --enabled`,
        },
      },
    ]
}
