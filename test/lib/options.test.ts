import { describe, expect, test } from '@jest/globals'
import { ACCOUNT, Deployed, REGION } from './deployed.ts'

// One synthesis takes a second, so two stacks have every option between them.
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const TOPIC = 'arn:aws:sns:eu-west-1:444455556666:uploads'
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/boundary`
const strict = new Deployed({
  profile: 'strict',
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  bucketName: 'team-uploads',
  prefixes: 'exports/km/,Zoë +/',
  reservedConcurrency: 8,
  memoryMb: 2048,
  reportRetentionDays: 365,
  archiveRetentionDays: 400,
  tags: 'team=data,cost-center=42',
  permissionsBoundaryArn: BOUNDARY,
  alarmEmails: 'oncall@example.com,data@example.com',
  uploaders: '444455556666,arn:aws:iam::777788889999:role/loader',
})
const shared = new Deployed({
  encryption: KEY,
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-0123456789abcdef0',
  securityGroupIds: 'sg-0123456789abcdef0',
  accessLogs: 'our-logs',
  logRetentionDays: 30,
  bucketName: 'team-uploads',
  bucketEvents: TOPIC,
  prefixes: 'Zoë +/',
  provisionedPollers: 3,
})
const ownPrefixes = new Deployed({ prefixes: 'incoming/,exports/', fileRetentionDays: 90 })

const BUCKET = 'ImportBucket/Bucket'
const FUNCTION = 'Importer/Function'
const newKey = { 'Fn::GetAtt': [strict.idOf.get('EncryptionKey/Resource'), 'Arn'] }

describe('an option reaches its part', () => {
  // prettier-ignore
  test.each([
    //  the option                             the stack      the part                            properties
    ['a created key: the bucket',              strict,        BUCKET,                             { BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: newKey } }] } }],
    ['a created key: work',                    strict,        'ImportQueue/Queue',                { KmsMasterKeyId: newKey }],
    ['a created key: dead letters',            strict,        'ImportQueue/DeadLetters',          { KmsMasterKeyId: newKey }],
    ['a created key: the secret',              strict,        'ApiKey/Secret',                    { KmsKeyId: newKey }],
    ['a created key: the log',                 strict,        'Importer/Logs',                    { KmsKeyId: newKey }],
    ['a created key: alarms',                  strict,        'Alarms/Topic',                     { KmsMasterKeyId: newKey }],
    ['a created key is rotated',               strict,        'EncryptionKey',                    { EnableKeyRotation: true }],
    ['an existing key: the bucket',            shared,        BUCKET,                             { BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { KMSMasterKeyID: KEY } }] } }],
    ['an existing key: work',                  shared,        'ImportQueue/Queue',                { KmsMasterKeyId: KEY }],
    ['an existing key: dead letters',          shared,        'ImportQueue/DeadLetters',          { KmsMasterKeyId: KEY }],
    ['an existing key: the secret',            shared,        'ApiKey/Secret',                    { KmsKeyId: KEY }],
    ['an existing key: the log',               shared,        'Importer/Logs',                    { KmsKeyId: KEY }],
    ['an existing key: alarms',                shared,        'Alarms/Topic',                     { KmsMasterKeyId: KEY }],
    ['subnets',                                strict,        FUNCTION,                           { VpcConfig: { SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'] } }],
    ['security groups',                        shared,        FUNCTION,                           { VpcConfig: { SecurityGroupIds: ['sg-0123456789abcdef0'] } }],
    ['memory',                                 strict,        FUNCTION,                           { MemorySize: 2048 }],
    ['reserved concurrency',                   strict,        FUNCTION,                           { ReservedConcurrentExecutions: 8 }],
    ['provisioned pollers',                    shared,        'Importer/EventSource',             { ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 3 } }],
    ['a permissions boundary',                 strict,        'Importer/Role',                    { PermissionsBoundary: BOUNDARY }],
    ['tags',                                   strict,        'ImportQueue/Queue',                { Tags: [{ Key: 'cost-center', Value: '42' }, { Key: 'team', Value: 'data' }] }],
    ['access logs in a new bucket',            strict,        BUCKET,                             { LoggingConfiguration: { DestinationBucketName: { Ref: strict.idOf.get('AccessLogs/Resource') }, LogFilePrefix: 'KissmetricsImporter/' } }],
    ['access logs in an existing bucket',      shared,        BUCKET,                             { LoggingConfiguration: { DestinationBucketName: 'our-logs', LogFilePrefix: 'KissmetricsImporter/' } }],
    ['retention of the log, strict',           strict,        'Importer/Logs',                    { RetentionInDays: 400 }],
    ['retention of the log',                   shared,        'Importer/Logs',                    { RetentionInDays: 30 }],
    ['events by EventBridge',                  strict,        'ExistingBucket/Uploads',           { EventPattern: { source: ['aws.s3'], 'detail-type': ['Object Created', 'Object Tags Added'], detail: { bucket: { name: ['team-uploads'] }, object: { key: [{ prefix: 'exports/km/' }, { prefix: 'Zoë +/' }] } } } }],
    ['events by SNS, whose keys are encoded',  shared,        'ExistingBucket/Subscription',      { TopicArn: TOPIC, Protocol: 'sqs', RawMessageDelivery: true, FilterPolicyScope: 'MessageBody', FilterPolicy: { Records: { s3: { object: { key: [{ prefix: 'Zo%C3%AB+%2B/' }] } } } } }],
  ])('%s', (_option, stack, part, properties) => {
    expect(stack.at(part).Properties).toMatchObject(properties)
  })

  test('retention of reports and archived lines', () => {
    const { Rules } = strict.at(BUCKET).Properties['LifecycleConfiguration'] as { Rules: unknown[] }
    expect(Rules).toContainEqual({ Id: 'old-reports-reports/', Prefix: 'reports/', ExpirationInDays: 365, Status: 'Enabled' })
    expect(Rules).toContainEqual({
      Id: 'old-archived-lines-archived/',
      Prefix: 'archived/',
      ExpirationInDays: 400,
      Status: 'Enabled',
    })
    expect(JSON.stringify(Rules)).not.toContain('old-files')
  })

  test('retention of files, under every prefix', () => {
    const { Rules } = ownPrefixes.at(BUCKET).Properties['LifecycleConfiguration'] as { Rules: unknown[] }
    for (const prefix of ['incoming/', 'exports/'])
      expect(Rules).toContainEqual({ Id: `old-files-${prefix}`, Prefix: prefix, ExpirationInDays: 90, Status: 'Enabled' })
  })

  test('e-mail addresses get the alarms', () => {
    const subscriptions = Object.values(strict.resources).filter(({ Type }) => Type === 'AWS::SNS::Subscription')
    expect(subscriptions.map(({ Properties: { Protocol, Endpoint } }) => [Protocol, Endpoint])).toEqual([
      ['email', 'oncall@example.com'],
      ['email', 'data@example.com'],
    ])
  })

  test('pollers replace the maximum concurrency, which Lambda would refuse beside them', () => {
    expect(shared.at('Importer/EventSource').Properties).not.toHaveProperty('ScalingConfig')
  })

  test('every role has the permissions boundary', () => {
    const roles = Object.values(strict.resources).filter(({ Type }) => Type === 'AWS::IAM::Role')
    expect(roles.map(({ Properties }) => Properties['PermissionsBoundary'])).toEqual(roles.map(() => BOUNDARY))
  })

  test('prefixes in the bucket of the stack are notified as incoming/ is', () => {
    const { NotificationConfiguration } = ownPrefixes.at(BUCKET).Properties as {
      NotificationConfiguration: { QueueConfigurations: { Filter: { S3Key: { Rules: { Name: string; Value: string }[] } } }[] }
    }
    const prefixes = NotificationConfiguration.QueueConfigurations.map(
      ({ Filter }) => Filter.S3Key.Rules.find(({ Name }) => Name === 'prefix')?.Value,
    )
    expect(new Set(prefixes)).toEqual(new Set(['incoming/', 'exports/']))
  })

  test.each([
    ['several prefixes', ownPrefixes, (own: string) => `s3://${own}/incoming/,s3://${own}/exports/`],
    [
      'an existing bucket',
      strict,
      (own: string) => `s3://${own}/incoming/,s3://team-uploads/exports/km/,s3://team-uploads/Zoë +/`,
    ],
  ])('the daily search looks through %s, and so does backfill', (_what, stack, places) => {
    const own = stack.resolve(stack.at(BUCKET).Properties['BucketName']) as string
    const { Variables } = stack.resolve(stack.at(FUNCTION).Properties['Environment']) as { Variables: Record<string, string> }
    expect(Variables['KM_SOURCES']).toBe(places(own))
    expect(stack.resolve(stack.outputs['Sources']?.Value)).toBe(places(own))
  })
})

test('an existing bucket is not changed: no resource of the stack is of it, and none could change it', () => {
  for (const stack of [strict, shared]) {
    const types = Object.values(stack.resources).map(({ Type }) => Type)
    expect(types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource')).toEqual([])
    expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(1)
    const buckets = Object.values(stack.resources).filter(({ Type }) => Type.startsWith('AWS::S3::'))
    expect(JSON.stringify(buckets)).not.toContain('team-uploads')
  }
})

// prettier-ignore
test.each([
  ['the key', 'EncryptionKey'],
  ['the bucket of access logs', 'AccessLogs'],
  ['its policy', 'AccessLogs/Policy'],
])('%s stays when the stack is removed', (_what, part) => {
  expect(strict.at(part)).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' })
})

test('no resource refers to itself by way of others, which CloudFormation refuses', () => {
  for (const stack of [strict, shared, ownPrefixes]) expect(cycleIn(stack.resources)).toBeUndefined()
})

/** The first resource that depends on itself. */
function cycleIn(resources: Deployed['resources']): string | undefined {
  const done = new Set<string>()
  const visit = (id: string, above: readonly string[]): string | undefined => {
    if (above.includes(id)) return [...above, id].join(' → ')
    if (done.has(id)) return undefined
    for (const next of referencesIn(resources[id])) {
      const cycle = next in resources && next !== id ? visit(next, [...above, id]) : undefined
      if (cycle !== undefined) return cycle
    }
    done.add(id)
    return undefined
  }
  for (const id of Object.keys(resources)) {
    const cycle = visit(id, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => {
    if (name === 'Ref') return [each as string]
    if (name === 'Fn::GetAtt') return [(each as string[])[0] ?? '']
    if (name === 'DependsOn') return [each as string | string[]].flat()
    return referencesIn(each)
  })
}
