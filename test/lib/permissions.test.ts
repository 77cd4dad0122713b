import { describe, expect, test } from '@jest/globals'
import { decide, type Call, type Statement } from '../../cli/doctor/policy.ts'
import { ACCOUNT, Deployed } from './deployed.ts'

const deployed = new Deployed()
const arnOf = (constructPath: string) =>
  deployed.resolve({ 'Fn::GetAtt': [deployed.idOf.get(`${constructPath}/Resource`), 'Arn'] }) as string
const statementsOf = (document: unknown) => (deployed.resolve(document) as { Statement: Statement[] }).Statement

const bucket = arnOf('ImportBucket/Bucket')
const queue = arnOf('ImportQueue/Queue')
const deadLetters = arnOf('ImportQueue/DeadLetters')
const importer = arnOf('Importer/Role')
const logs = arnOf('Importer/Logs').replace(/:\*$/, '')
const secret = deployed.resolve({ Ref: deployed.idOf.get('ApiKey/Secret') }) as string
const S3 = 's3.amazonaws.com'

const { Policies } = deployed.at('Importer/Role').Properties as { Policies: { PolicyDocument: unknown }[] }
const ofTheRole = Policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument))
const ofResources = ['ImportBucket/Bucket/Policy', 'ImportQueue/Queue/Policy', 'ImportQueue/DeadLetters/Policy'].flatMap(
  (constructPath) => statementsOf(deployed.at(constructPath).Properties['PolicyDocument']),
)

const answer = (call: Call) => decide(call.by === importer ? ofTheRole : [], ofResources, call)
const TLS = { 'aws:SecureTransport': 'true' }

describe('the importer may make each call that it makes', () => {
  // prettier-ignore
  test.each([
    //  what it does                                     the call                               on
    ['reads a file of an event with a version',          's3:GetObjectVersion',                 `${bucket}/incoming/2026/a b.json`],
    ['reads a file of an event without one',             's3:GetObject',                        `${bucket}/incoming/x.json`],
    ['reads the tags of a version',                      's3:GetObjectVersionTagging',          `${bucket}/incoming/2026/a b.json`],
    ['reads the tags of an object without versions',     's3:GetObjectTagging',                 `${bucket}/incoming/x.json`],
    ['reads a report',                                   's3:GetObject',                        `${bucket}/reports/incoming/x.json/v1/report.json`],
    ['writes a report',                                  's3:PutObject',                        `${bucket}/reports/incoming/x.json/v1/report.json`],
    ['reads a checkpoint',                               's3:GetObject',                        `${bucket}/checkpoints/incoming/x.json/v1/000001.json`],
    ['writes a checkpoint',                              's3:PutObject',                        `${bucket}/checkpoints/incoming/x.json/v1/000001.json`],
    ['learns that an object does not exist',             's3:ListBucket',                       bucket],
    ['reads what people order',                          's3:GetObject',                        `${bucket}/control/brake.json`],
    ['claims its share of the limit',                    's3:PutObject',                        `${bucket}/control/rate.json`],
    ['receives work',                                    'sqs:ReceiveMessage',                  queue],
    ['deletes done work',                                'sqs:DeleteMessage',                   queue],
    ['returns work with a delay',                        'sqs:ChangeMessageVisibility',         queue],
    ['requeues the rest of its work',                    'sqs:SendMessage',                     queue],
    ['lets its event source count the work',               'sqs:GetQueueAttributes',             queue],
    ['looks for old dead letters',                       'sqs:ReceiveMessage',                  deadLetters],
    ['returns a young dead letter to its queue',         'sqs:ChangeMessageVisibility',         deadLetters],
    ['removes a dead letter that it has archived',       'sqs:DeleteMessage',                   deadLetters],
    ['archives dead letters',                            's3:PutObject',                        `${bucket}/archived/2026-11-24/x-0001.jsonl`],
    ['sends a dead letter',                              'sqs:SendMessage',                     deadLetters],
    ['reads the key',                                    'secretsmanager:GetSecretValue',       secret],
    ['opens a log stream',                               'logs:CreateLogStream',                `${logs}:log-stream:2026/01/01/[$LATEST]0`],
    ['logs',                                             'logs:PutLogEvents',                   `${logs}:log-stream:2026/01/01/[$LATEST]0`],
  ])('it %s', (_what, action, resource) => {
    expect(answer({ by: importer, action, resource, context: TLS })).toBe('allowed')
  })
})

describe('the importer may do nothing else', () => {
  // prettier-ignore
  test.each([
    //  what it could do                                 the call                               on
    ['change a file',                                    's3:PutObject',                        `${bucket}/incoming/x.json`],
    ['remove a file',                                    's3:DeleteObject',                     `${bucket}/incoming/x.json`],
    ['remove a version of a file',                       's3:DeleteObjectVersion',              `${bucket}/incoming/x.json`],
    ['remove a report',                                  's3:DeleteObject',                     `${bucket}/reports/x.json/v1/report.json`],
    ['read elsewhere in the bucket',                     's3:GetObject',                        `${bucket}/private/x.json`],
    ['read another bucket, as a forged event may ask',   's3:GetObject',                        'arn:aws:s3:::another-bucket/incoming/x.json'],
    ['change what people order',                         's3:PutObject',                        `${bucket}/control/brake.json`],
    ['give others access to the bucket',                 's3:PutBucketPolicy',                  bucket],
    ['change the bucket notifications',                  's3:PutBucketNotification',            bucket],
    ['read archived dead letters',                       's3:GetObject',                        `${bucket}/archived/2026-11-24/x-0001.jsonl`],
    ['remove archived dead letters',                     's3:DeleteObject',                     `${bucket}/archived/2026-11-24/x-0001.jsonl`],
    ['purge the dead letters',                           'sqs:PurgeQueue',                      deadLetters],
    ['purge the work',                                   'sqs:PurgeQueue',                      queue],
    ['start a redrive',                                  'sqs:StartMessageMoveTask',            deadLetters],
    ['change the queue',                                 'sqs:SetQueueAttributes',              queue],
    ['send to another queue',                            'sqs:SendMessage',                     `${queue}-other`],
    ['change the key',                                   'secretsmanager:PutSecretValue',       secret],
    ['read another secret',                              'secretsmanager:GetSecretValue',       'arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-AbCdEf'],
    ['log into another group',                           'logs:PutLogEvents',                   `${logs}-other:log-stream:x`],
    ['remove its log',                                   'logs:DeleteLogGroup',                 logs],
    ['assume another role',                              'sts:AssumeRole',                      'arn:aws:iam::111122223333:role/admin'],
    ['invoke a function',                                'lambda:InvokeFunction',               'arn:aws:lambda:eu-west-1:111122223333:function:other'],
  ])('not %s', (_what, action, resource) => {
    expect(answer({ by: importer, action, resource, context: TLS })).toBe('not allowed')
  })

  test('not list objects elsewhere in the bucket', () => {
    const list = (prefix: string) =>
      answer({ by: importer, action: 's3:ListBucket', resource: bucket, context: { ...TLS, 's3:prefix': prefix } })
    expect([list('incoming/2026'), list('reports/x'), list('private/'), list('')]).toEqual([
      'allowed',
      'allowed',
      'not allowed',
      'not allowed',
    ])
  })

  test('not list versions elsewhere in the bucket, nor without a prefix', () => {
    const list = (context: Record<string, string>) =>
      answer({ by: importer, action: 's3:ListBucketVersions', resource: bucket, context: { ...TLS, ...context } })
    expect([{ 's3:prefix': 'incoming/' }, { 's3:prefix': 'private/' }, {}].map(list)).toEqual([
      'allowed',
      'not allowed',
      'not allowed',
    ])
  })

  test('no permission has a wildcard in its actions', () => {
    const wildcards = [...ofTheRole, ...ofResources].filter(
      ({ Effect, Action }) => Effect === 'Allow' && JSON.stringify(Action).includes('*'),
    )
    expect(wildcards).toEqual([])
  })

  test('it has no managed policy, and only Lambda may assume its role', () => {
    const { ManagedPolicyArns, AssumeRolePolicyDocument } = deployed.at('Importer/Role').Properties
    expect(ManagedPolicyArns).toBeUndefined()
    expect(AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }],
    })
  })
})

describe('the import queue accepts events of our bucket in our account only', () => {
  const event = (context: Record<string, string>) =>
    answer({ by: S3, action: 'sqs:SendMessage', resource: queue, context: { ...TLS, ...context } })

  // prettier-ignore
  test.each([
    //  whose                                                  from the bucket                   of the account      answer
    ['our own',                                                bucket,                           ACCOUNT,            'allowed'],
    ['another bucket of ours',                                 'arn:aws:s3:::another-bucket',    ACCOUNT,            'not allowed'],
    ['our bucket name, used by another account',               bucket,                           '999988887777',     'not allowed'],
    ['a bucket whose name starts like ours',                   `${bucket}-more`,                 ACCOUNT,            'not allowed'],
  ])('%s', (_whose, SourceArn, SourceAccount, expected) => {
    expect(event({ 'aws:SourceArn': SourceArn, 'aws:SourceAccount': SourceAccount })).toBe(expected)
  })

  test('an event without a source is not accepted', () => {
    expect(event({})).toBe('not allowed')
  })

  test('S3 may neither read the import queue nor send dead letters', () => {
    const context = { ...TLS, 'aws:SourceArn': bucket, 'aws:SourceAccount': ACCOUNT }
    expect(answer({ by: S3, action: 'sqs:ReceiveMessage', resource: queue, context })).toBe('not allowed')
    expect(answer({ by: S3, action: 'sqs:SendMessage', resource: deadLetters, context })).toBe('not allowed')
  })
})

describe('nothing travels unencrypted', () => {
  // prettier-ignore
  test.each([
    ['a file',          importer,   's3:GetObject',          `${bucket}/incoming/x.json`],
    ['a listing',       importer,   's3:ListBucket',         bucket],
    ['work',            importer,   'sqs:ReceiveMessage',    queue],
    ['a dead letter',   importer,   'sqs:SendMessage',       deadLetters],
    ['an event',        S3,         'sqs:SendMessage',       queue],
  ])('%s', (_what, by, action, resource) => {
    const context = { 'aws:SecureTransport': 'false', 'aws:SourceArn': bucket, 'aws:SourceAccount': ACCOUNT }
    expect(answer({ by, action, resource, context })).toBe('denied')
  })
})

test.each([
  ['another account', 'arn:aws:iam::999988887777:root'],
  ['the public', '*'],
])('%s may do nothing with the bucket and the queues', (_who, by) => {
  const answers = ['s3:GetObject', 's3:PutObject', 'sqs:SendMessage', 'sqs:ReceiveMessage'].flatMap((action) =>
    [`${bucket}/incoming/x.json`, queue, deadLetters].map((resource) => answer({ by, action, resource, context: TLS })),
  )
  expect(new Set(answers)).toEqual(new Set(['not allowed']))
})
