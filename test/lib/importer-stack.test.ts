import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Duration } from 'aws-cdk-lib'
import { CHECKPOINTS_PREFIX, FILE_SUFFIXES, INCOMING_PREFIX, REPORTS_PREFIX } from '../../lambda/keys.ts'
import { FUNCTION_TIMEOUT } from '../../lib/importer-function.ts'
import { ACCOUNT, CDK_CONTEXT, Deployed, GUID } from './deployed.ts'

const deployed = new Deployed()
const BUCKET = 'ImportBucket/Bucket'
const QUEUE = 'ImportQueue/Queue'
const DEAD_LETTERS = 'ImportQueue/DeadLetters'
const FUNCTION = 'Importer/Function'
const EVENT_SOURCE = 'Importer/EventSource'
const LOGS = 'Importer/Logs'

const days = (count: number) => Duration.days(count).toSeconds()

describe('the parts keep their promises', () => {
  // prettier-ignore
  test.each([
    //  the promise                                             the part       what is deployed
    ['dead letters are kept for 14 days',                       DEAD_LETTERS,  { MessageRetentionPeriod: days(14) }],
    ['work waits no longer than dead letters are kept',         QUEUE,         { MessageRetentionPeriod: days(4) }],
    ['a message is out for six times the timeout',              QUEUE,         { VisibilityTimeout: 6 * FUNCTION_TIMEOUT.toSeconds() }],
    ['work is encrypted',                                       QUEUE,         { SqsManagedSseEnabled: true }],
    ['dead letters are encrypted',                              DEAD_LETTERS,  { SqsManagedSseEnabled: true }],
    ['a message becomes a dead letter at its sixth delivery',   QUEUE,         { RedrivePolicy: expect.objectContaining({ maxReceiveCount: 5 }) }],
    ['every version of a drop is kept',                         BUCKET,        { VersioningConfiguration: { Status: 'Enabled' } }],
    ['drops are encrypted',                                     BUCKET,        { BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] } }],
    ['no drop can be made public',                              BUCKET,        { PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true } }],
    ['access lists mean nothing',                               BUCKET,        { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }],
    ['the function runs as long as Lambda allows',              FUNCTION,      { Timeout: 900 }],
    ['the function runs on Node 24',                            FUNCTION,      { Runtime: 'nodejs24.x' }],
    ['the function runs on arm64',                              FUNCTION,      { Architectures: ['arm64'] }],
    ['the function has 0.58 of a processor',                    FUNCTION,      { MemorySize: 1024 }],
    ['a line can be redriven for the sixteenth time',           FUNCTION,      { RecursiveLoop: 'Allow' }],
    ['one drop is imported by one invocation',                  EVENT_SOURCE,  { BatchSize: 1 }],
    ['two drops are imported at a time',                        EVENT_SOURCE,  { ScalingConfig: { MaximumConcurrency: 2 } }],
    ['what failed is said message by message',                  EVENT_SOURCE,  { FunctionResponseTypes: ['ReportBatchItemFailures'] }],
    ['logs are kept for three months',                          LOGS,          { RetentionInDays: 90 }],
  ] as const)('%s', (_promise, part, properties) => {
    expect(deployed.at(part).Properties).toMatchObject(properties)
  })

  test('nothing is traced, since the key travels in the query', () => {
    expect(deployed.at(FUNCTION).Properties).not.toHaveProperty('TracingConfig')
  })

  test('the secret is made empty: the template holds no key, and makes none up', () => {
    expect(deployed.at('ApiKey/Secret').Properties).toEqual({ Description: expect.any(String) })
  })

  test('the function logs into the group that is deployed with it', () => {
    expect(deployed.at(FUNCTION).Properties['LoggingConfig']).toEqual({
      LogGroup: { Ref: deployed.idOf.get(`${LOGS}/Resource`) },
    })
  })
})

describe('what a person made outlives the stack, but for a first deployment that failed', () => {
  // prettier-ignore
  test.each([
    //  the part             when the stack is removed   when it would be replaced
    [BUCKET,                 'RetainExceptOnCreate',     'Retain'],
    [QUEUE,                  'RetainExceptOnCreate',     'Retain'],
    [DEAD_LETTERS,           'RetainExceptOnCreate',     'Retain'],
    ['ApiKey/Secret',        'Delete',                   'Delete'],
    [LOGS,                   'Delete',                   'Delete'],
  ])('%s', (part, DeletionPolicy, UpdateReplacePolicy) => {
    expect(deployed.at(part)).toMatchObject({ DeletionPolicy, UpdateReplacePolicy })
  })
})

describe('the bucket cleans up after itself', () => {
  // prettier-ignore
  test.each([
    ['a replaced drop is kept longer than the queues keep the message about it', { Id: 'replaced-versions', NoncurrentVersionExpiration: { NoncurrentDays: 30 }, ExpiredObjectDeleteMarker: true }],
    ['a replaced report is kept for a day',                                       { Id: 'replaced-reports', Prefix: 'reports/', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
    ['an upload that broke off is removed after a week',                          { Id: 'unfinished-uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }],
  ])('%s', (_promise, rule) => {
    expect(deployed.at(BUCKET).Properties['LifecycleConfiguration']).toEqual({
      Rules: expect.arrayContaining([{ ...rule, Status: 'Enabled' }]),
    })
  })

  test('and never removes a drop, a report or a parked letter that was not replaced', () => {
    const { Rules } = deployed.at(BUCKET).Properties['LifecycleConfiguration'] as { Rules: { Prefix?: string }[] }
    const others = Rules.filter(({ Prefix }) => Prefix !== CHECKPOINTS_PREFIX)
    expect(others).toHaveLength(Rules.length - 1)
    expect(JSON.stringify(others)).not.toMatch(/ExpirationInDays|ExpirationDate|Transition/)
  })
})

describe('a drop reaches the function', () => {
  const arnOf = (part: string) => ({ 'Fn::GetAtt': [deployed.idOf.get(`${part}/Resource`), 'Arn'] })

  test.each([['.json'], ['.jsonl'], ['.ndjson'], ['.json.gz'], ['.jsonl.gz'], ['.ndjson.gz']])(
    'incoming/…%s goes to the import queue',
    (suffix) => {
      const { NotificationConfiguration } = deployed.at(BUCKET).Properties as {
        NotificationConfiguration: { QueueConfigurations: unknown[] }
      }
      expect(NotificationConfiguration.QueueConfigurations).toContainEqual({
        Event: 's3:ObjectCreated:*',
        Queue: arnOf(QUEUE),
        Filter: {
          S3Key: {
            Rules: [
              { Name: 'prefix', Value: INCOMING_PREFIX },
              { Name: 'suffix', Value: suffix },
            ],
          },
        },
      })
    },
  )

  test('nothing but these is announced', () => {
    const { NotificationConfiguration } = deployed.at(BUCKET).Properties as {
      NotificationConfiguration: { QueueConfigurations: unknown[] }
    }
    expect(Object.keys(NotificationConfiguration)).toEqual(['QueueConfigurations'])
    expect(NotificationConfiguration.QueueConfigurations).toHaveLength(6)
  })

  test('no suffix ends with another one, which S3 would refuse', () => {
    const overlapping = FILE_SUFFIXES.filter((suffix) =>
      FILE_SUFFIXES.some((other) => other !== suffix && suffix.endsWith(other)),
    )
    expect(overlapping).toEqual([])
  })

  test.each([REPORTS_PREFIX, CHECKPOINTS_PREFIX])('what the importer writes under %s is not taken for a drop', (prefix) => {
    expect(prefix.startsWith(INCOMING_PREFIX)).toBe(false)
  })

  test('the queue lets the bucket in before the bucket is made', () => {
    expect(deployed.at(BUCKET).DependsOn).toContain(deployed.idOf.get(`${QUEUE}/Policy/Resource`))
  })

  test('the queue feeds the function', () => {
    expect(deployed.at(EVENT_SOURCE).Properties).toMatchObject({
      EventSourceArn: arnOf(QUEUE),
      FunctionName: { Ref: deployed.idOf.get(`${FUNCTION}/Resource`) },
    })
  })

  test('what cannot go on goes to the dead letters, whose only source is the import queue', () => {
    const source = deployed.resolve(deployed.at(DEAD_LETTERS).Properties['RedriveAllowPolicy'])
    expect(deployed.at(QUEUE).Properties['RedrivePolicy']).toMatchObject({ deadLetterTargetArn: arnOf(DEAD_LETTERS) })
    expect(source).toEqual({ redrivePermission: 'byQueue', sourceQueueArns: [deployed.resolve(arnOf(QUEUE))] })
  })
})

describe('every day the importer is asked', () => {
  test.each([
    ['for drops that it did not hear of', 'DailyReconcile/Daily', 'kissmetrics-importer/reconcile/v1'],
    ['to park dead letters before their queue forgets them', 'DailyArchive/Daily', 'kissmetrics-importer/park/v1'],
  ])('%s', (_what, part, schema) => {
    expect(deployed.at(part).Properties).toMatchObject({
      ScheduleExpression: 'rate(1 day)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [deployed.idOf.get(`${QUEUE}/Resource`), 'Arn'] }, Input: JSON.stringify({ schema }) }],
    })
  })

  test('and an event rule may send to the import queue, and not to the dead letters', () => {
    const { PolicyDocument } = deployed.at(`${QUEUE}/Policy`).Properties as { PolicyDocument: unknown }
    expect(JSON.stringify(PolicyDocument)).toContain('events.amazonaws.com')
    expect(JSON.stringify(deployed.at(`${DEAD_LETTERS}/Policy`).Properties)).not.toContain('events.amazonaws.com')
  })
})

describe('an alarm', () => {
  const alarms = [...deployed.idOf.keys()].filter((path) => /^Alarms\/(?!Topic)/.test(path))

  test.each(alarms)('%s tells the topic, says what to do, and is silent where nothing was counted', (path) => {
    const alarm = deployed.at(path.replace('/Resource', '')).Properties
    expect(alarm).toMatchObject({
      AlarmActions: [{ Ref: deployed.idOf.get('Alarms/Topic/Resource') }],
      AlarmDescription: expect.stringMatching(/^[A-Z].{40,}\.$/),
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    })
  })

  test('looks at figures of this function, and not of another importer in the account', () => {
    expect(deployed.at('Alarms/DeadLettersArchived').Properties).toMatchObject({
      Namespace: 'KissmetricsImporter',
      MetricName: 'DeadLettersArchived',
      Dimensions: [{ Name: 'service', Value: { Ref: deployed.idOf.get(`${FUNCTION}/Resource`) } }],
    })
  })

  test('counts what the importer counts', () => {
    const counted = readFileSync('lambda/events.ts', 'utf8')
    const ours = alarms
      .map((path) => deployed.at(path.replace('/Resource', '')).Properties)
      .filter(({ Namespace }) => Namespace === 'KissmetricsImporter')
      .map(({ MetricName }) => MetricName as string)
    expect(ours).toHaveLength(4)
    expect(ours.filter((metric) => !counted.includes(`log.count('${metric}'`))).toEqual([])
  })

  test('can only be sent by CloudWatch of this account', () => {
    const { PolicyDocument } = deployed.at('Alarms/Topic/Policy').Properties as { PolicyDocument: { Statement: unknown[] } }
    expect(deployed.resolve(PolicyDocument)).toMatchObject({
      Statement: [
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
        },
      ],
    })
  })
})

describe('the environment', () => {
  const environmentWith = (settings: Record<string, unknown>) => {
    const stack = new Deployed(settings)
    return stack.resolve((stack.at(FUNCTION).Properties['Environment'] as { Variables: unknown }).Variables)
  }
  const queueUrl = (part: string) => deployed.resolve({ Ref: deployed.idOf.get(`${part}/Resource`) })

  test('holds addresses and no key', () => {
    expect(environmentWith({})).toEqual({
      KM_ENDPOINT: 'https://trk.kissmetrics.io',
      KM_API_KEY_SECRET: deployed.resolve({ Ref: deployed.idOf.get('ApiKey/Secret') }),
      KM_IMPORT_QUEUE_URL: queueUrl(QUEUE),
      KM_DEAD_LETTER_QUEUE_URL: queueUrl(DEAD_LETTERS),
      KM_BUCKET: deployed.resolve({ Ref: deployed.idOf.get(`${BUCKET}/Resource`) }),
      NODE_OPTIONS: '--enable-source-maps',
    })
  })

  // prettier-ignore
  test.each([
    //  the setting                                                                                  in the environment
    [{ endpoint: 'https://trk.example.com' },                                                        { KM_ENDPOINT: 'https://trk.example.com' }],
    [{ KM_MAX_IN_FLIGHT: '32' },                                                                     { KM_MAX_IN_FLIGHT: '32' }],
    [{ KM_MAX_LINE_BYTES: 4096 },                                                                    { KM_MAX_LINE_BYTES: '4096' }],
    [{ apiKeySecretArn: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:kissmetrics-AbCdEf` },   { KM_API_KEY_SECRET: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:kissmetrics-AbCdEf` }],
  ])('%j', (settings, variables) => {
    expect(environmentWith(settings)).toMatchObject(variables)
  })
})

describe('other settings reach their part', () => {
  // prettier-ignore
  test.each([
    //  the setting                    the part        what is deployed
    [{ maximumConcurrency: '7' },      EVENT_SOURCE,   { ScalingConfig: { MaximumConcurrency: 7 } }],
    [{ maxReceiveCount: 12 },          QUEUE,          { RedrivePolicy: expect.objectContaining({ maxReceiveCount: 12 }) }],
  ])('%j', (settings, part, properties) => {
    expect(new Deployed(settings).at(part).Properties).toMatchObject(properties)
  })

  test('where a secret is given, none is made', () => {
    const arn = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:kissmetrics-AbCdEf`
    const types = Object.values(new Deployed({ apiKeySecretArn: arn }).resources).map(({ Type }) => Type)
    expect(types).not.toContain('AWS::SecretsManager::Secret')
  })
})

describe('names are unique to each creation of a stack, so that one that was removed can be deployed again', () => {
  // prettier-ignore
  test.each([
    [BUCKET,        'BucketName',  63, `kissmetricsimporter-${GUID}`],
    [QUEUE,         'QueueName',   80, `kissmetricsimporter-import-${GUID}`],
    [DEAD_LETTERS,  'QueueName',   80, `kissmetricsimporter-dead-letters-${GUID}`],
  ])('%s', (part, property, longest, name) => {
    const resolved = deployed.resolve(deployed.at(part).Properties[property]) as string
    expect(resolved).toBe(name)
    expect(resolved.length).toBeLessThanOrEqual(longest)
  })
})

/** A path makes the logical id, and a new logical id makes a new resource: an empty queue, a bucket without drops. Change no line of it. */
const PATHS = [
  'Alarms/DeadLettersWait/Resource',
  'Alarms/EndpointDown/Resource',
  'Alarms/FunctionFails/Resource',
  'Alarms/FunctionThrottled/Resource',
  'Alarms/DeadLettersArchived/Resource',
  'Alarms/DeadLettersQuarantined/Resource',
  'Alarms/SetupWrong/Resource',
  'Alarms/Topic/Policy/Resource',
  'Alarms/Topic/Resource',
  'Alarms/WorkWaits/Resource',
  'ApiKey/Secret',
  'ImportBucket/Bucket/Policy/Resource',
  'ImportBucket/Bucket/Resource',
  'ImportQueue/DeadLetters/Policy/Resource',
  'ImportQueue/DeadLetters/Resource',
  'ImportQueue/Queue/Policy/Resource',
  'ImportQueue/Queue/Resource',
  'Importer/EventSource/Resource',
  'Importer/Function/Resource',
  'Importer/Logs/Resource',
  'Importer/Role/Resource',
  'DailyArchive/Daily/Resource',
  'DailyReconcile/Daily/Resource',
]

describe('the whole', () => {
  test('is these parts and no other, so also no function or role that CDK brings along', () => {
    expect([...deployed.idOf.keys()].sort()).toEqual(PATHS)
    expect(Object.keys(deployed.resources).sort()).toEqual([...deployed.idOf.values()].sort())
  })

  test('tells where its parts are', () => {
    expect(
      deployed.resolve(Object.fromEntries(Object.entries(deployed.outputs).map(([name, { Value }]) => [name, Value]))),
    ).toEqual({
      BucketName: `kissmetricsimporter-${GUID}`,
      ApiKeySecretArn: expect.stringMatching(/^arn:aws:secretsmanager:/),
      ImportQueueUrl: expect.stringMatching(/^https:.*-import-/),
      ImportQueueArn: expect.stringMatching(/^arn:aws:sqs:.*-import-/),
      DeadLetterQueueUrl: expect.stringMatching(/^https:.*-dead-letters-/),
      DeadLetterQueueArn: expect.stringMatching(/^arn:aws:sqs:.*-dead-letters-/),
      FunctionName: expect.stringMatching(/Function/),
      AlarmTopicArn: expect.stringMatching(/AlarmsTopic/),
      LogGroupName: expect.stringMatching(/Logs/),
    })
  })

  test('is made with the feature flags that this version of CDK recommends, so that none is forgotten at an update', () => {
    expect(CDK_CONTEXT).toEqual(JSON.parse(readFileSync('node_modules/aws-cdk-lib/recommended-feature-flags.json', 'utf8')))
  })
})
