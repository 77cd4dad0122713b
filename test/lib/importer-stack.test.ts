import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Duration } from 'aws-cdk-lib/core'
import about from '../../package.json' with { type: 'json' }
import { CHECKPOINTS_PREFIX, INCOMING_PREFIX, REPORTS_PREFIX } from '../../lambda/keys.ts'
import { ACCOUNT, CDK_CONTEXT, Deployed, GUID } from './deployed.ts'

const SECRET_ARN = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:kissmetrics-AbCdEf`
const deployed = new Deployed()
// One synthesis takes a second, so one stack has every changed setting: text as on the command line, numbers as in cdk.json.
const changed = new Deployed({
  endpoint: 'https://trk.example.com',
  maximumConcurrency: '7',
  maxReceiveCount: 12,
  apiKeySecretArn: SECRET_ARN,
  KM_MAX_IN_FLIGHT: '32',
  KM_MAX_LINE_BYTES: 4096,
})
const BUCKET = 'ImportBucket/Bucket'
const QUEUE = 'ImportQueue/Queue'
const DEAD_LETTERS = 'ImportQueue/DeadLetters'
const FUNCTION = 'Importer/Function'
const EVENT_SOURCE = 'Importer/EventSource'
const LOGS = 'Importer/Logs'

const days = (count: number) => Duration.days(count).toSeconds()

describe('each part is deployed as promised', () => {
  // prettier-ignore
  test.each([
    //  the promise                                             the part       properties
    ['dead letters are kept for 14 days',                       DEAD_LETTERS,  { MessageRetentionPeriod: days(14) }],
    ['work is kept for 14 days, the maximum of SQS',            QUEUE,         { MessageRetentionPeriod: days(14) }],
    ['a message stays invisible for six times the timeout',     QUEUE,         { VisibilityTimeout: 6 * 900 }],
    ['work is encrypted',                                       QUEUE,         { SqsManagedSseEnabled: true }],
    ['dead letters are encrypted',                              DEAD_LETTERS,  { SqsManagedSseEnabled: true }],
    ['a message becomes a dead letter at its sixth delivery',   QUEUE,         { RedrivePolicy: expect.objectContaining({ maxReceiveCount: 5 }) }],
    ['every version of a file is kept',                         BUCKET,        { VersioningConfiguration: { Status: 'Enabled' } }],
    ['files are encrypted',                                     BUCKET,        { BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] } }],
    ['no file can be made public',                              BUCKET,        { PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true } }],
    ['access control lists have no effect',                     BUCKET,        { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }],
    ['the function runs as long as Lambda allows',              FUNCTION,      { Timeout: 900 }],
    ['the function runs on Node 24',                            FUNCTION,      { Runtime: 'nodejs24.x' }],
    ['the function runs on arm64',                              FUNCTION,      { Architectures: ['arm64'] }],
    ['the function has 1,024 MB, or 0.58 vCPU',                 FUNCTION,      { MemorySize: 1024 }],
    ['a line can be redriven more than sixteen times',          FUNCTION,      { RecursiveLoop: 'Allow' }],
    ['one invocation imports one file',                         EVENT_SOURCE,  { BatchSize: 1 }],
    ['two files are imported at a time',                        EVENT_SOURCE,  { ScalingConfig: { MaximumConcurrency: 2 } }],
    ['each message of a batch can fail alone',                  EVENT_SOURCE,  { FunctionResponseTypes: ['ReportBatchItemFailures'] }],
    ['logs are kept for three months',                          LOGS,          { RetentionInDays: 90 }],
  ] as const)('%s', (_promise, part, properties) => {
    expect(deployed.at(part).Properties).toMatchObject(properties)
  })

  test('nothing is traced, because the query contains the API key', () => {
    expect(deployed.at(FUNCTION).Properties).not.toHaveProperty('TracingConfig')
  })

  test('the secret is created empty: the template contains no key and generates none', () => {
    expect(deployed.at('ApiKey/Secret').Properties).toEqual({ Description: expect.any(String) })
  })

  test('the function logs into the log group of the stack', () => {
    expect(deployed.at(FUNCTION).Properties['LoggingConfig']).toEqual({
      LogGroup: { Ref: deployed.idOf.get(`${LOGS}/Resource`) },
    })
  })
})

describe('bucket and queues outlive the stack with the policies that protect them, unless its first deployment failed', () => {
  // prettier-ignore
  test.each([
    //  the part             on deletion                 on replacement
    [BUCKET,                 'RetainExceptOnCreate',     'Retain'],
    [QUEUE,                  'RetainExceptOnCreate',     'Retain'],
    [DEAD_LETTERS,           'RetainExceptOnCreate',     'Retain'],
    [`${BUCKET}/Policy`,       'RetainExceptOnCreate',     'Retain'],
    [`${QUEUE}/Policy`,        'RetainExceptOnCreate',     'Retain'],
    [`${DEAD_LETTERS}/Policy`, 'RetainExceptOnCreate',     'Retain'],
    ['ApiKey/Secret',        'Delete',                   'Delete'],
    [LOGS,                   'Delete',                   'Delete'],
  ])('%s', (part, DeletionPolicy, UpdateReplacePolicy) => {
    expect(deployed.at(part)).toMatchObject({ DeletionPolicy, UpdateReplacePolicy })
  })
})

describe('the bucket expires what is no longer needed', () => {
  // prettier-ignore
  test.each([
    ['a replaced file is kept longer than any message about it',                 { Id: 'replaced-versions', NoncurrentVersionExpiration: { NoncurrentDays: 30 }, ExpiredObjectDeleteMarker: true }],
    ['a replaced report is kept for a day',                                       { Id: 'replaced-reports', Prefix: 'reports/', NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
    ['an unfinished upload is removed after a week',                               { Id: 'unfinished-uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }],
  ])('%s', (_promise, rule) => {
    expect(deployed.at(BUCKET).Properties['LifecycleConfiguration']).toEqual({
      Rules: expect.arrayContaining([{ ...rule, Status: 'Enabled' }]),
    })
  })

  test('and never removes a file, a report or an archived dead letter that was not replaced', () => {
    const { Rules } = deployed.at(BUCKET).Properties['LifecycleConfiguration'] as { Rules: { Prefix?: string }[] }
    const others = Rules.filter(({ Prefix }) => Prefix !== CHECKPOINTS_PREFIX)
    expect(others).toHaveLength(Rules.length - 1)
    expect(JSON.stringify(others)).not.toMatch(/ExpirationInDays|ExpirationDate|Transition/)
  })
})

describe('an uploaded file reaches the function', () => {
  const arnOf = (part: string) => ({ 'Fn::GetAtt': [deployed.idOf.get(`${part}/Resource`), 'Arn'] })

  test('any object under incoming/ that is uploaded or tagged goes to the import queue', () => {
    const { NotificationConfiguration } = deployed.at(BUCKET).Properties as {
      NotificationConfiguration: { QueueConfigurations: unknown[] }
    }
    expect(NotificationConfiguration.QueueConfigurations).toEqual(
      ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'].map((Event) => ({
        Event,
        Queue: arnOf(QUEUE),
        Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: INCOMING_PREFIX }] } },
      })),
    )
  })

  test('no other notification is configured', () => {
    const { NotificationConfiguration } = deployed.at(BUCKET).Properties as {
      NotificationConfiguration: { QueueConfigurations: unknown[] }
    }
    expect(Object.keys(NotificationConfiguration)).toEqual(['QueueConfigurations'])
  })

  test.each([REPORTS_PREFIX, CHECKPOINTS_PREFIX])('an object that the importer writes under %s is not imported', (prefix) => {
    expect(prefix.startsWith(INCOMING_PREFIX)).toBe(false)
  })

  test('the queue policy that admits the bucket is deployed before the bucket', () => {
    expect(deployed.at(BUCKET).DependsOn).toContain(deployed.idOf.get(`${QUEUE}/Policy/Resource`))
  })

  test('the queue is the event source of the function', () => {
    expect(deployed.at(EVENT_SOURCE).Properties).toMatchObject({
      EventSourceArn: arnOf(QUEUE),
      FunctionName: { Ref: deployed.idOf.get(`${FUNCTION}/Resource`) },
    })
  })

  test('a message that fails too often goes to the dead-letter queue, whose only source is the import queue', () => {
    const source = deployed.resolve(deployed.at(DEAD_LETTERS).Properties['RedriveAllowPolicy'])
    expect(deployed.at(QUEUE).Properties['RedrivePolicy']).toMatchObject({ deadLetterTargetArn: arnOf(DEAD_LETTERS) })
    expect(source).toEqual({ redrivePermission: 'byQueue', sourceQueueArns: [deployed.resolve(arnOf(QUEUE))] })
  })
})

describe('every day a message starts', () => {
  test.each([
    ['the search for files without an event', 'DailyReconcile/Daily', 'kissmetrics-importer/reconcile/v1'],
    ['the job that archives old dead letters', 'DailyArchive/Daily', 'kissmetrics-importer/archive/v1'],
  ])('%s', (_what, part, schema) => {
    expect(deployed.at(part).Properties).toMatchObject({
      ScheduleExpression: 'rate(1 day)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [deployed.idOf.get(`${QUEUE}/Resource`), 'Arn'] }, Input: JSON.stringify({ schema }) }],
    })
  })

  test('and an event rule may send to the import queue, but not to the dead-letter queue', () => {
    const { PolicyDocument } = deployed.at(`${QUEUE}/Policy`).Properties as { PolicyDocument: unknown }
    expect(JSON.stringify(PolicyDocument)).toContain('events.amazonaws.com')
    expect(JSON.stringify(deployed.at(`${DEAD_LETTERS}/Policy`).Properties)).not.toContain('events.amazonaws.com')
  })
})

describe('the environment', () => {
  const environmentOf = (stack: Deployed) =>
    stack.resolve((stack.at(FUNCTION).Properties['Environment'] as { Variables: unknown }).Variables)
  const queueUrl = (part: string) => deployed.resolve({ Ref: deployed.idOf.get(`${part}/Resource`) })

  test('contains addresses, but no key', () => {
    expect(environmentOf(deployed)).toEqual({
      KM_ENDPOINT: 'https://trk.kissmetrics.io',
      KM_API_KEY_SECRET: deployed.resolve({ Ref: deployed.idOf.get('ApiKey/Secret') }),
      KM_IMPORT_QUEUE_URL: queueUrl(QUEUE),
      KM_DEAD_LETTER_QUEUE_URL: queueUrl(DEAD_LETTERS),
      KM_BUCKET: deployed.resolve({ Ref: deployed.idOf.get(`${BUCKET}/Resource`) }),
    })
  })

  test('contains the settings that were changed', () => {
    expect(environmentOf(changed)).toMatchObject({
      KM_ENDPOINT: 'https://trk.example.com',
      KM_MAX_IN_FLIGHT: '32',
      KM_MAX_LINE_BYTES: '4096',
      KM_API_KEY_SECRET: SECRET_ARN,
    })
    // The page of the stack checks files with them.
    expect(JSON.parse(String(changed.outputs['Settings']?.Value))).toEqual({ KM_MAX_IN_FLIGHT: 32, KM_MAX_LINE_BYTES: 4096 })
  })
})

describe('the other settings reach their part', () => {
  // prettier-ignore
  test.each([
    //  the setting           the part        properties
    ['maximumConcurrency',    EVENT_SOURCE,   { ScalingConfig: { MaximumConcurrency: 7 } }],
    ['maxReceiveCount',       QUEUE,          { RedrivePolicy: expect.objectContaining({ maxReceiveCount: 12 }) }],
  ])('%s', (_setting, part, properties) => {
    expect(changed.at(part).Properties).toMatchObject(properties)
  })

  test('with an existing secret, the stack creates none', () => {
    expect(Object.values(changed.resources).map(({ Type }) => Type)).not.toContain('AWS::SecretsManager::Secret')
  })
})

describe('names are unique to each creation of a stack, so that a deleted stack can be deployed again', () => {
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

/**
 * Path and logical id of each resource. A new logical id creates a new resource, an empty queue or bucket, so neither may change.
 */
// cspell:disable
// prettier-ignore
const LOGICAL_IDS = {
  'Alarms/DeadLettersArchived/Resource':       'AlarmsDeadLettersArchivedB3922AA2',
  'Alarms/DeadLettersOld/Resource':            'AlarmsDeadLettersOld6A2BD693',
  'Alarms/DeadLettersQuarantined/Resource':    'AlarmsDeadLettersQuarantined23774F5F',
  'Alarms/EndpointDown/Resource':              'AlarmsEndpointDown82E9E553',
  'Alarms/FileMissed/Resource':                'AlarmsFileMissed9E87A937',
  'Alarms/FileRejected/Resource':              'AlarmsFileRejectedECDBB1B6',
  'Alarms/FunctionFails/Resource':             'AlarmsFunctionFails0E15A37D',
  'Alarms/FunctionThrottled/Resource':         'AlarmsFunctionThrottledA544C949',
  'Alarms/ImportCrashes/Resource':             'AlarmsImportCrashes50E55177',
  'Alarms/LinesRejected/Resource':             'AlarmsLinesRejected74A6D086',
  'Alarms/MessageUnknown/Resource':            'AlarmsMessageUnknown9F8DCDDB',
  'Alarms/QueueUnreachable/Resource':          'AlarmsQueueUnreachable69533B09',
  'Alarms/QueueWaits/Resource':                'AlarmsQueueWaitsEF3F7945',
  'Alarms/SetupWrong/Resource':                'AlarmsSetupWrong31298782',
  'Alarms/Topic/Policy/Resource':              'AlarmsTopicPolicyED3A875E',
  'Alarms/Topic/Resource':                     'AlarmsTopic3A2DFEBA',
  'Alarms/WorkWaits/Resource':                 'AlarmsWorkWaits103A2704',
  'ApiKey/Secret':                             'ApiKeySecret51CD6EF2',
  'DailyArchive/Daily/Resource':               'DailyArchiveDaily7F338F63',
  'DailyReconcile/Daily/Resource':             'DailyReconcileDaily8325253C',
  'Dashboard/Dashboard/Resource':              'Dashboard7A714131',
  'Dashboard/Errors/Resource':                 'DashboardErrors88AE9D6A',
  'Dashboard/ImportedFiles/Resource':          'DashboardImportedFiles31511C97',
  'Dashboard/OneFile/Resource':                'DashboardOneFile362A9825',
  'Dashboard/Paused/Resource':                 'DashboardPausedF153206A',
  'ImportBucket/Bucket/Policy/Resource':       'ImportBucketPolicy6CA5838B',
  'ImportBucket/Bucket/Resource':              'ImportBucketAD3E8C78',
  'ImportQueue/DeadLetters/Policy/Resource':   'ImportQueueDeadLettersPolicy2B7EB5F5',
  'ImportQueue/DeadLetters/Resource':          'ImportQueueDeadLetters6AB8195C',
  'ImportQueue/Queue/Policy/Resource':         'ImportQueuePolicy73A23C95',
  'ImportQueue/Queue/Resource':                'ImportQueueF3D6FFB8',
  'Importer/EventSource/Resource':             'ImporterEventSourceD8D85FBD',
  'Importer/Function/Resource':                'ImporterFunction1808D876',
  'Importer/Logs/Resource':                    'ImporterLogsFDE290AF',
  'Importer/Role/Resource':                    'ImporterRoleFFEB194C',
}
// cspell:enable

describe('the whole stack', () => {
  test('consists of these resources only, without a function or role that the CDK adds', () => {
    expect(Object.fromEntries(deployed.idOf)).toEqual(LOGICAL_IDS)
    expect(Object.keys(deployed.resources).sort()).toEqual([...deployed.idOf.values()].sort())
  })

  test('outputs the names of its parts', () => {
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
      Endpoint: 'https://trk.kissmetrics.io',
      Version: about.version,
      AlarmTopicArn: expect.stringMatching(/AlarmsTopic/),
      RoleArn: expect.stringMatching(/^arn:aws:iam::.*ImporterRole/),
      LogGroupName: expect.stringMatching(/Logs/),
    })
  })

  test('uses the feature flags that this version of the CDK recommends, so that an update forgets none', () => {
    expect(CDK_CONTEXT).toEqual(JSON.parse(readFileSync('node_modules/aws-cdk-lib/recommended-feature-flags.json', 'utf8')))
  })
})
