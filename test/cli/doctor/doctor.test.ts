import { execFileSync } from 'node:child_process'
import {
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3'
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager'
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { decide } from '../../../cli/doctor/policy.ts'
import type { Finding } from '../../../cli/doctor/finding.ts'
import { LAST_SEARCH_KEY } from '../../../lambda/keys.ts'
import { REGION, ACCOUNT } from '../../lib/deployed.ts'
import { denied, driftAnswer, startAwsRecorder, type AwsRecorder, type RecordedAnswer } from '../../support/aws-recorder.ts'
import { policyInDocs } from '../../support/docs-policy.ts'
import { runInProcess } from '../../support/in-process.ts'
import { HAS_MOTO, startMoto, type Moto } from '../../support/moto.ts'
import { DeployedStack, EXISTING_BUCKET, KEY, STACK } from './deployed-stack.ts'

const withMoto = HAS_MOTO ? describe : describe.skip

withMoto('km-import doctor, on the stack of the template', () => {
  let moto: Moto
  let aws: AwsRecorder
  let stack: DeployedStack
  beforeAll(async () => {
    moto = await startMoto(ACCOUNT)
    aws = await startAwsRecorder(moto.url)
    stack = await DeployedStack.create(moto.url)
    stack.outputs['Endpoint'] = moto.url
  })
  afterAll(async () => {
    await aws[Symbol.asyncDispose]()
    await moto.stop()
  })

  let outputs: Record<string, string>
  beforeEach(() => {
    outputs = { ...stack.outputs }
    aws.answers.clear()
    stack.answer(aws)
    aws.answers.set('cloudformation:DetectStackResourceDrift', driftAnswer('IN_SYNC'))
    aws.answers.set(
      `s3:GetBucketNotification ${EXISTING_BUCKET}`,
      notificationAnswer('<EventBridgeConfiguration></EventBridgeConfiguration>'),
    )
  })
  afterEach(() => {
    Object.assign(stack.outputs, outputs)
  })

  const run = (...flags: string[]) => runCommand(['doctor', '--stack', STACK, ...flags])
  const runCommand = (args: readonly string[]) =>
    runInProcess(args, {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    })

  /** What is not as it should be. */
  async function problems(): Promise<{ readonly code: number | null; readonly findings: readonly Finding[] }> {
    const { code, stdout, stderr } = await run('--json')
    if (stdout === '') throw new Error(stderr)
    const { findings } = JSON.parse(stdout) as { findings: Finding[] }
    return { code, findings: findings.filter(({ result }) => result !== 'ok') }
  }

  const attributesOf = async (queueUrl: string) =>
    (await stack.sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }))).Attributes ?? {}
  /** With the present policy, because moto removes it when other attributes are set. */
  const setAttributes = async (QueueUrl: string, changed: Record<string, string>) => {
    const { Policy = '' } = await attributesOf(QueueUrl)
    await stack.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy, ...changed } }))
  }
  const notificationsOf = async (Bucket: string): Promise<NotificationConfiguration> => {
    const { $metadata: _metadata, ...notifications } = await stack.s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket }),
    )
    return notifications
  }

  /** Does what a command of the AWS CLI would do, with the arguments that a shell makes of it. */
  async function paste(command: string): Promise<void> {
    const shown = argumentsOf(command)
    const option = (name: string) => shown[shown.indexOf(name) + 1] ?? ''
    switch (shown.slice(0, 2).join(' ')) {
      case 'sqs set-queue-attributes':
        await setAttributes(option('--queue-url'), JSON.parse(option('--attributes')) as Record<string, string>)
        return
      case 's3api put-bucket-notification-configuration':
        await stack.notify(option('--bucket'), JSON.parse(option('--notification-configuration')) as NotificationConfiguration)
        return
      default:
        throw new Error(`not a command that this test can run: ${command}`)
    }
  }

  test('finds nothing wrong, and shows each check', async () => {
    const { code, stdout, stderr } = await run()
    expect(stdout.split('\n').filter((row) => !row.startsWith('ok ') && !row.startsWith('  '))).toEqual([''])
    expect(stdout.match(/(?<=^ok {11})[^:]+/gm)).toEqual([
      'stack',
      'version',
      'import queue',
      'dead-letter queue',
      `events of ${stack.outputs['BucketName'] ?? ''}`,
      `events of ${EXISTING_BUCKET}`,
      'queue policy',
      'rule for uploads',
      'daily rules',
      'daily rules',
      'event source',
      'daily search',
      'API key',
      'endpoint',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '0 problems, 0 warnings.\n' })
    expect(stdout).not.toContain(KEY)
  })

  test('calls nothing that changes anything', () => {
    expect([...new Set(aws.calls.map(({ action }) => action))].toSorted()).toEqual([
      'cloudformation:DescribeStacks',
      'cloudformation:DetectStackResourceDrift',
      'cloudformation:ListStackResources',
      's3:GetBucketNotification',
      's3:GetObject',
      'secretsmanager:GetSecretValue',
      'sqs:GetQueueAttributes',
    ])
  })

  describe('what is wrong is cured by the command that it prints:', () => {
    const importQueue = () => stack.outputs['ImportQueueUrl']!
    const own = () => stack.outputs['BucketName']!
    const other = { TopicConfigurations: [] }

    // prettier-ignore
    test.each<[string, string, RegExp, () => Promise<unknown>]>([
      ['the queue has no policy',                      'queue policy',   /does not let the bucket kissmetricsimporter-.*, the rule for uploads, the daily rules send/, () => setAttributes(importQueue(), { Policy: '' })],
      ['the redrive policy names another queue',       'import queue',   /names another queue/,                          () => setAttributes(importQueue(), { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: stack.outputs['ImportQueueArn'], maxReceiveCount: 5 }) })],
      ['messages become visible too early',            'import queue',   /visibility timeout is 30 seconds/,             () => setAttributes(importQueue(), { VisibilityTimeout: '30' })],
      ['the bucket sends nothing',                     'events of OWN',  /Files under incoming\/ send no event to the import queue/, () => stack.notify(own(), other)],
      ['the bucket sends only some events',            'events of OWN',  /only those like "incoming\/\*\.csv"/,          async () => stack.notify(own(), withSuffix(await notificationsOf(own())))],
    ])('%s', async (_what, check, text, damage) => {
      await damage()
      const { code, findings } = await problems()
      expect(findings).toEqual([
        { check: check.replace('OWN', own()), result: 'wrong', text: expect.stringMatching(text) as unknown, commands: [expect.any(String)] },
      ])
      expect(code).toBe(1)
      await paste(findings[0]!.commands![0]!)
      expect(await problems()).toEqual({ code: 0, findings: [] })
    })

    test('the existing bucket does not send its events to EventBridge', async () => {
      const topic = '<TopicConfiguration><Topic>arn:aws:sns:x</Topic><Event>s3:ObjectRemoved:*</Event></TopicConfiguration>'
      aws.answers.set(`s3:GetBucketNotification ${EXISTING_BUCKET}`, notificationAnswer(topic))
      const { code, findings } = await problems()
      expect(findings).toMatchObject([{ check: `events of ${EXISTING_BUCKET}`, result: 'wrong' }])
      expect(code).toBe(1)
      expect(
        argumentsOf(findings[0]!.commands![0]!).map((word) => (word.startsWith('{') ? (JSON.parse(word) as unknown) : word)),
      ).toEqual([
        's3api',
        'put-bucket-notification-configuration',
        '--bucket',
        EXISTING_BUCKET,
        '--notification-configuration',
        {
          TopicConfigurations: [{ TopicArn: 'arn:aws:sns:x', Events: ['s3:ObjectRemoved:*'] }],
          EventBridgeConfiguration: {},
        },
      ])
    })

    test('short retention, which is only a warning', async () => {
      await setAttributes(importQueue(), { MessageRetentionPeriod: '345600' })
      const { code, findings } = await problems()
      expect(findings).toMatchObject([
        { result: 'warning', text: expect.stringMatching(/for 4 days; the stack sets 14 days/) as unknown },
      ])
      expect(code).toBe(0)
      await paste(findings[0]!.commands![0]!)
      expect((await attributesOf(importQueue()))['MessageRetentionPeriod']).toBe('1209600')
    })
  })

  test.each([
    [
      'an event source that is disabled',
      '/Enabled',
      'wrong',
      'event source',
      /^aws lambda update-event-source-mapping --uuid \S+ --enabled$/,
    ],
    ['rules that are disabled', '/State', 'wrong', 'daily rules', /^aws events enable-rule --name \S+$/],
    [
      'what else was changed by hand',
      '/BatchSize',
      'warning',
      'event source',
      /^aws cloudformation describe-stack-resource-drifts /,
    ],
  ] as const)('%s', async (_what, property, result, check, command) => {
    aws.answers.set('cloudformation:DetectStackResourceDrift', driftAnswer('MODIFIED', property))
    const { code, findings } = await problems()
    expect(code).toBe(property === '/BatchSize' ? 0 : 1)
    expect(findings).toContainEqual(expect.objectContaining({ check, result, commands: [expect.stringMatching(command)] }))
  })

  test.each([
    ['DELETED', 'wrong'],
    ['NOT_CHECKED', 'not checked'],
  ] as const)('a resource that is %s', async (status, result) => {
    aws.answers.set('cloudformation:DetectStackResourceDrift', driftAnswer(status))
    expect((await problems()).findings).toContainEqual(expect.objectContaining({ check: 'event source', result }))
  })

  // prettier-ignore
  test.each<[string, string | undefined, Finding['result'], RegExp]>([
    //  the secret holds      value                 result     text
    ['a key of another kind', 'not-a-key-of-ours',  'warning', /does not contain 40 hex digits/],
    ['several words',         'here is the key',    'wrong',   /does not contain an API key/],
    ['nothing',               undefined,            'wrong',   /does not exist or has no value/],
  ])('a secret that holds %s, which is not shown', async (_what, value, result, text) => {
    await stack.store(value)
    stack.answer(aws)
    const { findings } = await problems()
    expect(findings).toMatchObject([{ check: 'API key', result, text: expect.stringMatching(text) as unknown }])
    if (value !== undefined) expect(JSON.stringify(findings)).not.toContain(value)
  })

  test('a secret that may not be read is at least seen to have a value, or to be deleted soon', async () => {
    aws.answers.set('secretsmanager:GetSecretValue', denied('secretsmanager:GetSecretValue'))
    expect((await problems()).findings).toMatchObject([
      {
        check: 'API key',
        result: 'not checked',
        text: expect.stringMatching(/^The secret has a value\..*secretsmanager:GetSecretValue/) as unknown,
      },
    ])
    await stack.store(KEY)
    stack.answer(aws)
    await stack.secrets.send(new DeleteSecretCommand({ SecretId: stack.outputs['ApiKeySecretArn'] }))
    expect((await problems()).findings).toMatchObject([
      { check: 'API key', result: 'wrong', commands: [expect.stringContaining('restore-secret') as unknown] },
    ])
  })

  test.each([
    ['cloudformation:ListStackResources', ['resources']],
    ['cloudformation:DetectStackResourceDrift', ['rule for uploads', 'daily rules', 'daily rules', 'event source']],
    ['sqs:GetQueueAttributes', ['import queue', 'dead-letter queue']],
    ['s3:GetBucketNotification', [/^events of kissmetricsimporter-/]],
  ])('without the permission %s, the rest is checked, and the permission is named', async (action, checks) => {
    aws.answers.set(action, denied(action))
    const { code, findings } = await problems()
    expect(findings).toEqual(
      checks.map((check) => ({
        check: expect.stringMatching(check),
        result: 'not checked',
        text: expect.stringContaining(action),
      })),
    )
    expect(code).toBe(0)
  })

  test('a stack that was not deployed to its end is wrong, and nothing else is checked', async () => {
    for (const name of Object.keys(outputs)) Reflect.deleteProperty(stack.outputs, name)
    stack.answer(aws, 'ROLLBACK_COMPLETE')
    expect(await problems()).toMatchObject({
      code: 1,
      findings: [
        { check: 'stack', result: 'wrong' },
        { check: 'outputs', result: 'wrong' },
      ],
    })
  })

  // prettier-ignore
  test.each<[string, number | undefined, Finding['result'], RegExp]>([
    //  the last daily search        days ago     result     text
    ['of yesterday',                 1,           'ok',      /^The last one was complete on \d{4}-\d\d-\d\d \d\d:\d\d UTC, after 7 files\.$/],
    ['of last week',                 7,           'warning', /complete on .* so files whose event was lost wait/],
    ['that never was, long after the deployment', undefined, 'warning', /^None was complete yet, so/],
  ])('a daily search %s', async (_what, daysAgo, result, text) => {
    const Bucket = stack.outputs['BucketName']
    if (daysAgo === undefined) await stack.s3.send(new DeleteObjectCommand({ Bucket, Key: LAST_SEARCH_KEY }))
    else await stack.searched(daysAgo)
    const { code, stdout } = await run('--json')
    const { findings } = JSON.parse(stdout) as { findings: Finding[] }
    expect(findings).toContainEqual(expect.objectContaining({ check: 'daily search', result, text: expect.stringMatching(text) as unknown }))
    expect(code).toBe(0)
    await stack.searched(1)
  })

  test('a stack of another version is a warning', async () => {
    stack.outputs['Version'] = '0.0.1'
    stack.answer(aws)
    expect(await problems()).toMatchObject({ code: 0, findings: [{ check: 'version', result: 'warning' }] })
  })

  test('a queue and a bucket that are gone are wrong', async () => {
    stack.outputs['DeadLetterQueueUrl'] = `${stack.outputs['DeadLetterQueueUrl']!}x`
    stack.outputs['Sources'] = `s3://${stack.outputs['BucketName']!}/incoming/,s3://gone/exports/`
    stack.answer(aws)
    expect(await problems()).toMatchObject({
      code: 1,
      findings: [
        { check: 'dead-letter queue', result: 'wrong' },
        { check: 'events of gone', result: 'wrong' },
      ],
    })
  })

  /** What to write into a policy of docs/deploy.md. */
  const names = () => ({
    'NAME-OF-THE-STACK': STACK,
    'NAME-OF-THE-BUCKET': stack.outputs['BucketName']!,
    'NAME-OF-THE-EXISTING-BUCKET': EXISTING_BUCKET,
    'ARN-OF-THE-IMPORT-QUEUE': stack.outputs['ImportQueueArn']!,
    'ARN-OF-THE-DEAD-LETTER-QUEUE': stack.outputs['DeadLetterQueueArn']!,
    'ARN-OF-THE-SECRET': stack.outputs['ApiKeySecretArn']!,
  })

  test('the policy in docs/deploy.md allows each call, and nothing that was not called', () => {
    const { BucketName = '', ImportQueueArn = '', DeadLetterQueueArn = '', ApiKeySecretArn = '' } = stack.outputs
    const statements = policyInDocs('Check the deployment', names())
    const arns: Record<string, readonly string[]> = {
      cloudformation: [`arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${STACK}/id`],
      sqs: [ImportQueueArn, DeadLetterQueueArn],
      's3:GetBucketNotification': [`arn:aws:s3:::${BucketName}`, `arn:aws:s3:::${EXISTING_BUCKET}`],
      's3:GetObject': [`arn:aws:s3:::${BucketName}/${LAST_SEARCH_KEY}`],
      's3:ListBucket': [`arn:aws:s3:::${BucketName}`],
      secretsmanager: [ApiKeySecretArn],
    }
    const called = [...new Set(aws.calls.map(({ action }) => action))]
    // CloudFormation makes these for the drift detection, in the name of the user.
    const inTheNameOfTheUser = [
      'lambda:GetEventSourceMapping',
      'events:DescribeRule',
      'events:ListTargetsByRule',
      'sns:GetSubscriptionAttributes',
    ]
    // With s3:ListBucket, S3 answers 404 for a document that does not exist; without it, 403.
    const needed = [...called, ...inTheNameOfTheUser, 's3:ListBucket']
    for (const action of needed)
      for (const resource of arns[action] ?? arns[action.split(':')[0] ?? ''] ?? ['arn:aws:x:::y'])
        expect([action, resource, decide(statements, [], { action, resource, by: 'user' })]).toEqual([
          action,
          resource,
          'allowed',
        ])
    expect(statements.flatMap(({ Action }) => Action).toSorted()).toEqual(needed.toSorted())
  })

  test('backfill finds files in both buckets, and its policy in docs/deploy.md allows its calls, and no others', async () => {
    for (const [Bucket, Key] of [
      [stack.outputs['BucketName'], 'incoming/a.json'],
      [EXISTING_BUCKET, 'exports/km/b.json'],
      [EXISTING_BUCKET, 'others/c.json'],
    ])
      await stack.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
    aws.calls.length = 0
    const { code, stdout } = await runCommand(['backfill', '--stack', STACK])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'incoming/a.json\nexports/km/b.json\n' })
    const statements = policyInDocs('Settings', names())
    const arnOf = (action: string, resource: string) =>
      action.startsWith('sqs:') ? stack.outputs['ImportQueueArn']! : `arn:aws:s3:::${resource}`
    const calls = aws.calls.filter(({ action }) => action !== 'cloudformation:DescribeStacks')
    for (const { action, resource, context } of calls)
      expect([
        action,
        resource,
        decide(statements, [], { action, resource: arnOf(action, resource), by: 'user', context }),
      ]).toEqual([action, resource, 'allowed'])
    // With s3:ListBucket, S3 answers 404 for a report that does not exist; without it, 403.
    expect(new Set(statements.flatMap(({ Action }) => Action))).toEqual(
      new Set([...calls.map(({ action }) => action), 's3:ListBucket']),
    )
  })

  test('no permission to look at the stack is an error of the doctor itself', async () => {
    aws.answers.set('cloudformation:DescribeStacks', denied('cloudformation:DescribeStacks'))
    expect(await run()).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^km-import: --stack is .* cloudformation:DescribeStacks/) as unknown,
    })
  })
})

/** The arguments that a shell passes to the AWS CLI. */
function argumentsOf(command: string): readonly string[] {
  const script = `aws() { printf '%s\\0' "$@"; }; ${command}`
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
}

function notificationAnswer(content: string): RecordedAnswer {
  const body = `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</NotificationConfiguration>`
  return { status: 200, type: 'application/xml', body }
}

function withSuffix({ QueueConfigurations = [] }: NotificationConfiguration): NotificationConfiguration {
  return {
    QueueConfigurations: QueueConfigurations.map((each) => ({
      ...each,
      Filter: { Key: { FilterRules: [...(each.Filter?.Key?.FilterRules ?? []), { Name: 'suffix', Value: '.csv' }] } },
    })),
  }
}
