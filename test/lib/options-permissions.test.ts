import { beforeAll, describe, expect, test } from '@jest/globals'
import { decide, type Statement } from '../../cli/doctor/policy.ts'
import { RECORDED_PREFIX, recordCalls, type RecordedCall } from '../support/recorded-calls.ts'
import { ACCOUNT, Deployed, REGION } from './deployed.ts'

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const STORAGE_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/bbbbbbbb-12ab-34cd-56ef-1234567890ab`
const SECRET_KEY = `arn:aws:kms:${REGION}:444455556666:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab`
const SECRET = `arn:aws:secretsmanager:${REGION}:444455556666:secret:kissmetrics-AbCdEf`
const TOPIC = 'arn:aws:sns:eu-west-1:444455556666:uploads'
const ANSWERS = `arn:aws:sns:${REGION}:444455556666:answers`
const SIGNING_SECRET = `arn:aws:secretsmanager:${REGION}:444455556666:secret:signing-AbCdEf`
const LOADER = 'arn:aws:iam::777788889999:role/loader'
const UPLOADS = 'arn:aws:s3:::team-uploads'
const VPC = { vpcId: 'vpc-0123456789abcdef0', subnetIds: 'subnet-0123456789abcdef0' }

// These stacks have every option between them.
const defaults = partsOf({})
const ownPrefixes = partsOf({ prefixes: 'incoming/,exports/' })
const strict = partsOf({
  profile: 'strict',
  ...VPC,
  bucketName: 'team-uploads',
  prefixes: 'exports/km/',
  uploaders: LOADER,
})
const shared = partsOf({
  bucketName: 'team-uploads',
  bucketKeyArn: KEY,
  bucketEvents: TOPIC,
  prefixes: '*',
  apiKeySecretArn: SECRET,
  apiKeySecretKeyArn: SECRET_KEY,
  answerTopicArn: ANSWERS,
  answerTopicKeyArn: KEY,
})
const notified = partsOf({
  bucketName: 'team-uploads',
  bucketEvents: 's3',
  encryption: STORAGE_KEY,
  answerEmails: 'data@example.com',
  answerWebhook: 'https://example.com/km',
  answerSigningSecretArn: SIGNING_SECRET,
  answerSigningSecretKeyArn: SECRET_KEY,
})

function partsOf(options: Readonly<Record<string, string>>) {
  const deployed = new Deployed(options)
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
  const key = deployed.idOf.has('EncryptionKey/Resource') ? arnOf('EncryptionKey') : options['encryption']
  return {
    own,
    keyPolicy,
    ask,
    bucket: arnOf('ImportBucket/Bucket'),
    queue: arnOf('ImportQueue/Queue'),
    deadLetters: arnOf('ImportQueue/DeadLetters'),
    logs: arnOf('Importer/Logs').replace(/:\*$/, ''),
    /** Encrypts what the importer stores: bucket, queues and created secret. */
    key,
    secretKey: options['apiKeySecretKeyArn'] ?? key,
    existingBucket: options['bucketName'] === undefined ? undefined : UPLOADS,
    existingBucketKey: options['bucketKeyArn'],
    existingPrefix: (options['prefixes'] ?? 'incoming/').replace('*', ''),
    hasNetwork: options['vpcId'] !== undefined,
    secret: deployed.resolve(deployed.outputs['ApiKeySecretArn']?.Value) as string,
    /** Where answers about files are published, and the key of that topic. */
    topic: deployed.resolve(deployed.outputs['AnswerTopicArn']?.Value) as string | undefined,
    topicKey: options['answerTopicKeyArn'] ?? (options['answerTopicArn'] === undefined ? key : undefined),
    signingSecret: options['answerSigningSecretArn'],
    signingKey: options['answerSigningSecretKeyArn'],
    ruleArn: deployed.idOf.has('ExistingBucket/Uploads/Resource') ? arnOf('ExistingBucket/Uploads') : '',
  }
}

let recorded: readonly RecordedCall[] | undefined

type Parts = ReturnType<typeof partsOf>
type Row = readonly [action: string, resource: string, context?: Record<string, string>]

const via = (service: string) => ({ 'kms:ViaService': `${service}.${REGION}.amazonaws.com` })
const CODE = { 'lambda:SourceFunctionArn': `arn:aws:lambda:${REGION}:${ACCOUNT}:function:importer` }

/** A recorded call in one deployment, with the calls of AWS to KMS that it causes there. Empty if the deployment has no such subject. */
function rowsOf({ action, subject }: RecordedCall, parts: Parts): readonly Row[] {
  switch (subject.kind) {
    case 'own-bucket':
      return s3Rows(action, parts.bucket, subject, parts.key)
    case 'existing-bucket': {
      const { existingBucket, existingBucketKey, existingPrefix } = parts
      if (existingBucket === undefined) return []
      const placed = (text: string | undefined) => text?.replace(RECORDED_PREFIX, existingPrefix)
      return s3Rows(action, existingBucket, { key: placed(subject.key), prefix: placed(subject.prefix) }, existingBucketKey)
    }
    case 'import-queue':
    case 'dead-letter-queue': {
      const arn = subject.kind === 'import-queue' ? parts.queue : parts.deadLetters
      return [[action, arn], ...kmsRows(parts.key, 'sqs', action === 'sqs:SendMessage')]
    }
    case 'secret':
      return [[action, parts.secret], ...kmsRows(parts.secretKey, 'secretsmanager', false)]
  }
}

function s3Rows(
  action: string,
  bucket: string,
  { key, prefix }: { readonly key?: string | undefined; readonly prefix?: string | undefined },
  kmsKey: string | undefined,
): readonly Row[] {
  if (key === undefined) return [[action, bucket, prefix === undefined ? {} : { 's3:prefix': prefix }]]
  return [[action, `${bucket}/${key}`], ...kmsRows(kmsKey, 's3', action === 's3:PutObject')]
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html, and likewise for S3 */
function kmsRows(key: string | undefined, service: string, isWrite: boolean): readonly Row[] {
  if (key === undefined) return []
  const context = { 'kms:ViaService': `${service}.${REGION}.amazonaws.com` }
  return [['kms:Decrypt', key, context], ...(isWrite ? ([['kms:GenerateDataKey', key, context]] as const) : [])]
}

/** The calls that push an answer: test/lambda/adapters/sns.test.ts and webhook.test.ts make them. */
const callsForAnswers = ({ topic, topicKey, signingSecret, signingKey }: Parts): readonly Row[] => [
  ...(topic === undefined ? [] : ([['sns:Publish', topic], ...kmsRows(topicKey, 'sns', true)] as const)),
  ...(signingSecret === undefined
    ? []
    : ([['secretsmanager:GetSecretValue', signingSecret], ...kmsRows(signingKey, 'secretsmanager', false)] as const)),
]

/** What Lambda itself does with the role of the function. */
const callsOfLambda = ({ queue, logs, hasNetwork }: Parts): readonly Row[] => [
  ['sqs:ReceiveMessage', queue],
  ['sqs:DeleteMessage', queue],
  ['sqs:GetQueueAttributes', queue],
  ['logs:CreateLogStream', `${logs}:log-stream:x`],
  ['logs:PutLogEvents', `${logs}:log-stream:x`],
  ...(hasNetwork
    ? ([
        ['ec2:CreateNetworkInterface', '*'],
        ['ec2:DescribeNetworkInterfaces', '*'],
        ['ec2:DescribeSubnets', '*'],
        ['ec2:DeleteNetworkInterface', '*'],
        ['ec2:AssignPrivateIpAddresses', '*'],
        ['ec2:UnassignPrivateIpAddresses', '*'],
      ] as const)
    : []),
]

describe.each([
  ['with the defaults', defaults],
  ['with several prefixes in its own bucket', ownPrefixes],
  ['strict, with an existing bucket and EventBridge', strict],
  ['with an existing bucket, and S3 notifications', notified],
  ['with a bucket, keys, secret and topic of others', shared],
])('%s, the importer', (_what, parts) => {
  let rows: readonly Row[]
  beforeAll(async () => {
    recorded ??= await recordCalls()
    rows = [...recorded.flatMap((call) => rowsOf(call, parts)), ...callsForAnswers(parts), ...callsOfLambda(parts)]
  })

  test('may make each call that it makes', () => {
    expect(rows.filter(([action, resource, context]) => parts.ask(action, resource, context) !== 'allowed')).toEqual([])
  })

  test('needs each of its permissions', () => {
    const isUsed = (action: string, { Sid, Resource, Condition }: Statement) => {
      const own: Statement = { Effect: 'Allow', Action: action, Resource, ...(Condition !== undefined && { Condition }) }
      const isUsedBy = ([name, resource, context]: Row) =>
        decide([own], [], { by: 'role', action: name, resource, context: { ...context } }) === 'allowed'
      return rows.some(isUsedBy) ? [] : [`${Sid ?? ''}: ${action}`]
    }
    const unused = parts.own
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap((statement) => [statement.Action].flat().flatMap((action) => isUsed(action, statement)))
    expect(unused).toEqual([])
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
    ['decrypt directly with the key',             strict, 'kms:Decrypt', strict.key!],
    ['decrypt logs',                              strict, 'kms:Decrypt', strict.key!, via('logs')],
    ['change the key',                            strict, 'kms:PutKeyPolicy', strict.key!],
    ['encrypt with the key of the bucket',        shared, 'kms:GenerateDataKey', KEY, via('s3')],
    ['read files with the key of the secret',     shared, 'kms:Decrypt', SECRET_KEY, via('s3')],
    ['use another key',                           shared, 'kms:Decrypt', `${KEY}0`, via('s3')],
    ['publish to the topic of the events',        shared, 'sns:Publish', TOPIC],
    ['encrypt files with the key of the topic',   shared, 'kms:GenerateDataKey', KEY, via('s3')],
    ['subscribe to the topic',                    shared, 'sns:Subscribe', ANSWERS],
    ['publish, without answers',                  strict, 'sns:Publish', ANSWERS],
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
