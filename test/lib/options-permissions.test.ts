import { describe, expect, test } from '@jest/globals'
import { decide, type Call, type Statement } from '../../cli/doctor/policy.ts'
import { ACCOUNT, Deployed, REGION } from './deployed.ts'

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const SECRET_KEY = `arn:aws:kms:${REGION}:444455556666:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab`
const SECRET = `arn:aws:secretsmanager:${REGION}:444455556666:secret:kissmetrics-AbCdEf`
const TOPIC = 'arn:aws:sns:eu-west-1:444455556666:uploads'
const LOADER = 'arn:aws:iam::777788889999:role/loader'
const VPC = { vpcId: 'vpc-0123456789abcdef0', subnetIds: 'subnet-0123456789abcdef0' }

// Two stacks have every option between them.
const strict = partsOf(
  new Deployed({ profile: 'strict', ...VPC, bucketName: 'team-uploads', prefixes: 'exports/km/', uploaders: LOADER }),
)
const shared = partsOf(
  new Deployed({
    bucketName: 'team-uploads',
    bucketKeyArn: KEY,
    bucketEvents: TOPIC,
    prefixes: '*',
    apiKeySecretArn: SECRET,
    apiKeySecretKeyArn: SECRET_KEY,
  }),
)
const notified = partsOf(new Deployed({ bucketName: 'team-uploads', bucketEvents: 's3' }))

function partsOf(deployed: Deployed) {
  const arnOf = (constructPath: string) =>
    deployed.resolve({ 'Fn::GetAtt': [deployed.idOf.get(`${constructPath}/Resource`), 'Arn'] }) as string
  const statementsAt = (constructPath: string) =>
    (deployed.resolve(deployed.at(constructPath).Properties['PolicyDocument']) as { Statement: Statement[] }).Statement
  const role = arnOf('Importer/Role')
  const { Policies } = deployed.at('Importer/Role').Properties as { Policies: { PolicyDocument: unknown }[] }
  const own = Policies.flatMap(({ PolicyDocument }) => (deployed.resolve(PolicyDocument) as { Statement: Statement[] }).Statement)
  const others = ['ImportBucket/Bucket/Policy', 'ImportQueue/Queue/Policy', 'ImportQueue/DeadLetters/Policy'].flatMap(
    statementsAt,
  )
  const keyPolicy = deployed.idOf.has('EncryptionKey/Resource')
    ? (deployed.resolve(deployed.at('EncryptionKey').Properties['KeyPolicy']) as { Statement: Statement[] }).Statement
    : []
  const ask = (action: string, resource: string, context: Record<string, string> = {}, by = role) =>
    decide(by === role ? own : [], others, { by, action, resource, context: { 'aws:SecureTransport': 'true', ...context } })
  return {
    own,
    keyPolicy,
    ask,
    bucket: arnOf('ImportBucket/Bucket'),
    queue: arnOf('ImportQueue/Queue'),
    deadLetters: arnOf('ImportQueue/DeadLetters'),
    logs: arnOf('Importer/Logs').replace(/:\*$/, ''),
    key: deployed.idOf.has('EncryptionKey/Resource') ? arnOf('EncryptionKey') : KEY,
    secret: deployed.resolve(deployed.outputs['ApiKeySecretArn']?.Value) as string,
    ruleArn: deployed.idOf.has('ExistingBucket/Uploads/Resource') ? arnOf('ExistingBucket/Uploads') : '',
  }
}

type Parts = ReturnType<typeof partsOf>
type Row = readonly [action: string, resource: string, context?: Record<string, string>]

const UPLOADS = 'arn:aws:s3:::team-uploads'
const via = (service: string) => ({ 'kms:ViaService': `${service}.${REGION}.amazonaws.com` })
const CODE = { 'lambda:SourceFunctionArn': `arn:aws:lambda:${REGION}:${ACCOUNT}:function:importer` }

/** The calls that every importer makes. */
const everyCall = ({ bucket, queue, deadLetters, logs, secret }: Parts): Row[] => [
  ['s3:GetObjectVersion', `${bucket}/incoming/x.json`],
  ['s3:GetObject', `${bucket}/reports/x`],
  ['s3:PutObject', `${bucket}/checkpoints/x`],
  ['s3:PutObject', `${bucket}/archived/x`],
  ['s3:ListBucket', bucket],
  ['s3:ListBucketVersions', bucket, { 's3:prefix': 'incoming/' }],
  ['sqs:ReceiveMessage', queue],
  ['sqs:SendMessage', deadLetters],
  ['sqs:DeleteMessage', deadLetters],
  ['secretsmanager:GetSecretValue', secret],
  ['logs:PutLogEvents', `${logs}:log-stream:x`],
]

// prettier-ignore
const ALLOWED: readonly (readonly [string, Parts, readonly Row[]])[] = [
  ['strict, with EventBridge', strict, [
    ...everyCall(strict),
    ['s3:GetObject', `${UPLOADS}/exports/km/x.json`],
    ['s3:GetObjectVersion', `${UPLOADS}/exports/km/x.json`],
    ['s3:ListBucket', UPLOADS],
    ['s3:ListBucketVersions', UPLOADS, { 's3:prefix': 'exports/km/' }],
    ['kms:Decrypt', strict.key, via('s3')],
    ['kms:GenerateDataKey', strict.key, via('s3')],
    ['kms:Decrypt', strict.key, via('sqs')],
    ['kms:GenerateDataKey', strict.key, via('sqs')],
    ['kms:Decrypt', strict.key, via('secretsmanager')],
    ['ec2:CreateNetworkInterface', 'arn:aws:ec2:eu-west-1:111122223333:network-interface/*'],
    ['ec2:DescribeSubnets', '*'],
  ]],
  ['with a bucket, secret and topic of others', shared, [
    ...everyCall(shared),
    ['s3:GetObject', `${UPLOADS}/x.json`],
    ['s3:ListBucket', UPLOADS],
    ['s3:ListBucketVersions', UPLOADS, { 's3:prefix': '' }],
    ['kms:Decrypt', KEY, via('s3')],
    ['kms:Decrypt', SECRET_KEY, via('secretsmanager')],
  ]],
]

describe.each(ALLOWED)('%s, the importer', (_what, parts, calls) => {
  // Without the default, Jest would take a missing context for its `done` callback, and wait for it.
  test.each(calls)('may call %s on %s %j', (action, resource, context = {}) => {
    expect(parts.ask(action, resource, context)).toBe('allowed')
  })

  test('needs each of its permissions', () => {
    const calledWithout = (statement: Statement) =>
      calls.filter(([action, resource, context]) => {
        const call: Call = { by: 'role', action, resource, context: { ...context } }
        return (
          decide(parts.own, [], call) === 'allowed' &&
          decide(
            parts.own.filter((other) => other !== statement),
            [],
            call,
          ) !== 'allowed'
        )
      })
    const unused = parts.own.filter((statement) => statement.Effect === 'Allow' && calledWithout(statement).length === 0)
    expect(unused.map(({ Sid }) => Sid)).toEqual([])
  })

  test('has no permission with a wildcard in its actions', () => {
    expect(parts.own.filter(({ Action }) => JSON.stringify(Action).includes('*'))).toEqual([])
  })
})

describe('the importer may do nothing else', () => {
  // prettier-ignore
  test.each<[string, Parts, ...Row]>([
    ['change a file of the existing bucket',      strict, 's3:PutObject', `${UPLOADS}/exports/km/x.json`],
    ['remove a file of the existing bucket',      strict, 's3:DeleteObject', `${UPLOADS}/exports/km/x.json`],
    ['write reports into the existing bucket',    shared, 's3:PutObject', `${UPLOADS}/reports/x`],
    ['read elsewhere in the existing bucket',     strict, 's3:GetObject', `${UPLOADS}/private/x.json`],
    ['list elsewhere in the existing bucket',     strict, 's3:ListBucketVersions', UPLOADS, { 's3:prefix': 'private/' }],
    ['change notifications of that bucket',       strict, 's3:PutBucketNotification', UPLOADS],
    ['decrypt directly with the key',             strict, 'kms:Decrypt', strict.key],
    ['decrypt logs',                              strict, 'kms:Decrypt', strict.key, via('logs')],
    ['change the key',                            strict, 'kms:PutKeyPolicy', strict.key],
    ['encrypt with the key of the bucket',        shared, 'kms:GenerateDataKey', KEY, via('s3')],
    ['read files with the key of the secret',     shared, 'kms:Decrypt', SECRET_KEY, via('s3')],
    ['use another key',                           shared, 'kms:Decrypt', `${KEY}0`, via('s3')],
    ['read another secret',                       shared, 'secretsmanager:GetSecretValue', `${SECRET}x`],
    ['open ports',                                strict, 'ec2:AuthorizeSecurityGroupIngress', '*'],
  ])('not %s', (_what, parts, action, resource, context = {}) => {
    expect(parts.ask(action, resource, context)).toBe('not allowed')
  })

  test.each(['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeSubnets'])(
    'nor %s from its own code: only Lambda may connect it to the VPC',
    (action) => {
      expect(strict.ask(action, '*', CODE)).toBe('denied')
    },
  )
})

describe('the import queue accepts events of the existing bucket, by the way that was chosen', () => {
  const source = (arn: string, account: string) => ({ 'aws:SourceArn': arn, 'aws:SourceAccount': account })

  // prettier-ignore
  test.each([
    //  by                                 the stack   service                   source                             of          answer
    ['the EventBridge rule',               strict,     'events.amazonaws.com',   strict.ruleArn,                    ACCOUNT,    'allowed'],
    ['another rule',                       strict,     'events.amazonaws.com',   `${strict.ruleArn}x`,              ACCOUNT,    'not allowed'],
    ['S3, if EventBridge was chosen',      strict,     's3.amazonaws.com',       UPLOADS,                           ACCOUNT,    'not allowed'],
    ['the SNS topic of another account',   shared,     'sns.amazonaws.com',      TOPIC,                             '444455556666', 'allowed'],
    ['another SNS topic',                  shared,     'sns.amazonaws.com',      `${TOPIC}x`,                       '444455556666', 'not allowed'],
    ['S3, if it was chosen',               notified,   's3.amazonaws.com',       UPLOADS,                           ACCOUNT,    'allowed'],
    ['S3, for another bucket',             notified,   's3.amazonaws.com',       `${UPLOADS}-2`,                    ACCOUNT,    'not allowed'],
    ['S3, for another account',            notified,   's3.amazonaws.com',       UPLOADS,                           '444455556666', 'not allowed'],
  ])('%s', (_by, parts, service, arn, account, expected) => {
    expect(parts.ask('sqs:SendMessage', parts.queue, source(arn, account), service)).toBe(expected)
  })
})

describe('the created key', () => {
  const ask = (by: string, action: string, context: Record<string, string>) =>
    decide([], strict.keyPolicy, { by, action, resource: '*', context })
  const ours = { 'aws:SourceAccount': ACCOUNT }
  const group = (account: string) => ({
    'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${REGION}:${account}:log-group:importer`,
  })

  // prettier-ignore
  test.each([
    //  who                                     by                              action                  context                                    answer
    ['S3 may send encrypted events',            's3.amazonaws.com',             'kms:GenerateDataKey',  ours,                                      'allowed'],
    ['EventBridge may',                         'events.amazonaws.com',         'kms:GenerateDataKey',  ours,                                      'allowed'],
    ['SNS may',                                 'sns.amazonaws.com',            'kms:Decrypt',          ours,                                      'allowed'],
    ['CloudWatch may send encrypted alarms',    'cloudwatch.amazonaws.com',     'kms:GenerateDataKey',  ours,                                      'allowed'],
    ['but not for another account',             's3.amazonaws.com',             'kms:GenerateDataKey',  { 'aws:SourceAccount': '999988887777' },   'not allowed'],
    ['the logs of this account are encrypted',  `logs.${REGION}.amazonaws.com`, 'kms:GenerateDataKey',  group(ACCOUNT),                            'allowed'],
    ['but not those of another account',        `logs.${REGION}.amazonaws.com`, 'kms:GenerateDataKey',  group('999988887777'),                     'not allowed'],
    ['no service may change the key',           's3.amazonaws.com',             'kms:PutKeyPolicy',     ours,                                      'not allowed'],
    ['an uploader may encrypt',                 LOADER,                         'kms:GenerateDataKey',  {},                                        'allowed'],
    ['an uploader may not change the key',      LOADER,                         'kms:PutKeyPolicy',     {},                                        'not allowed'],
  ])('%s', (_who, by, action, context, expected) => {
    expect(ask(by, action, context)).toBe(expected)
  })
})

describe('an uploader of another account', () => {
  // prettier-ignore
  test.each([
    ['uploads files',                       's3:PutObject',     'incoming/x.json',   'allowed'],
    ['does not read them',                  's3:GetObject',     'incoming/x.json',   'not allowed'],
    ['does not remove them',                's3:DeleteObject',  'incoming/x.json',   'not allowed'],
    ['does not write elsewhere',            's3:PutObject',     'reports/x',         'not allowed'],
    ['does not change their tags',          's3:PutObjectTagging', 'incoming/x.json', 'not allowed'],
  ])('%s', (_what, action, key, expected) => {
    expect(strict.ask(action, `${strict.bucket}/${key}`, {}, LOADER)).toBe(expected)
  })
})
