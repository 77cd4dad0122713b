import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { NUMBER_SETTINGS, type NumberSettingName } from '../../lambda/settings/numbers.ts'
import { SETTING_ROWS, STACK_NUMBER_SETTINGS } from '../../lib/setting-rows.ts'
import { wrongPlace } from '../../lib/setting-combinations.ts'
import { readSettings, SETTING_NAMES, SettingError } from '../../lib/settings.ts'

const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:team/kissmetrics-AbCdEf'

const TOPIC_ARN = 'arn:aws:sns:eu-west-1:111122223333:answers'
const KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const ACCOUNT = '444455556666'
const VPC = { vpcId: 'vpc-0123456789abcdef0', subnetIds: 'subnet-0123456789abcdef0' }

test('without settings, the defaults are deployed', () => {
  expect(readSettings({})).toEqual({
    endpoint: 'https://trk.kissmetrics.io',
    maximumConcurrency: 2,
    maxReceiveCount: 5,
    alarmRejectedPercent: 5,
    alarmIdleDays: 0,
    overrides: {},
  })
})

describe('a setting is read from the command line, where every value is text, and from cdk.json', () => {
  // prettier-ignore
  test.each([
    //  in the context                                 as a setting
    [{ product: 'web-shop' },                          { product: 'web-shop' }],
    [{ product: 'a' },                                 { product: 'a' }],
    [{ endpoint: 'https://trk.example.com' },          { endpoint: 'https://trk.example.com' }],
    [{ endpoint: 'https://trk.example.com/' },         { endpoint: 'https://trk.example.com' }],
    [{ apiKeySecretArn: SECRET_ARN },                  { apiKeySecretArn: SECRET_ARN }],
    [{ maximumConcurrency: '2' },                      { maximumConcurrency: 2 }],
    [{ maximumConcurrency: 1000 },                     { maximumConcurrency: 1000 }],
    [{ maxReceiveCount: '3' },                         { maxReceiveCount: 3 }],
    [{ maxReceiveCount: 1000 },                        { maxReceiveCount: 1000 }],
    [{ KM_MAX_IN_FLIGHT: '8' },                        { overrides: { KM_MAX_IN_FLIGHT: 8 } }],
    [{ bucketName: 'team-uploads' },                   { bucketName: 'team-uploads' }],
    [{ bucketName: 'x1x', prefixes: '*' },              { prefixes: ['*'] }],
    [{ prefixes: 'a/, b c/' },                         { prefixes: ['a/', 'b c/'] }],
    [{ prefixes: ['a/', 'ä/'] },                       { prefixes: ['a/', 'ä/'] }],
    [{ encryption: 'customer' },                       { encryption: 'customer' }],
    [{ encryption: KEY_ARN },                          { encryption: KEY_ARN }],
    [{ terminationProtection: 'true' },                { terminationProtection: true }],
    [{ terminationProtection: false },                 { terminationProtection: false }],
    [{ logRetentionDays: '365' },                      { logRetentionDays: 365 }],
    [{ tags: 'team=data,path=a/b=c' },                 { tags: ['team=data', 'path=a/b=c'] }],
    [{ uploaders: `${ACCOUNT},arn:aws:iam::${ACCOUNT}:role/loader` }, { uploaders: [ACCOUNT, `arn:aws:iam::${ACCOUNT}:role/loader`] }],
    [{ answerEmails: 'data@example.com' },             { answerEmails: ['data@example.com'] }],
    [{ answerWebhook: 'https://example.com/km?x=y' },  { answerWebhook: 'https://example.com/km?x=y' }],
    [{ answerTopicArn: TOPIC_ARN, answerLink: 'https://example.com/{key}' }, { answerTopicArn: TOPIC_ARN, answerLink: 'https://example.com/{key}' }],
    [{ expectedFiles: 'incoming/daily/ within 24h cron(0 6 * * ? *)' }, { expectedFiles: ['incoming/daily/ within 24h cron(0 6 * * ? *)'] }],
    [{ expectedFiles: ['exports/a within 744h rate(1 day)'], prefixes: 'exports/' }, { expectedFiles: ['exports/a within 744h rate(1 day)'], prefixes: ['exports/'] }],
    [{ alarmEmails: 'oncall@example.com' },            { alarmEmails: ['oncall@example.com'] }],
    [{ profile: 'strict', ...VPC },                    { encryption: 'customer', accessLogs: 'create', logRetentionDays: 400, terminationProtection: true }],
    [{ profile: 'strict', ...VPC, encryption: KEY_ARN, logRetentionDays: 3653, accessLogs: 'our-logs' }, { encryption: KEY_ARN, accessLogs: 'our-logs', logRetentionDays: 3653 }],
    // The CDK's own names are not settings.
    [{ 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:checkSecretUsage': true, 'acknowledged-issue-numbers': [1] }, { overrides: {} }],
  ])('%j', (context, setting) => {
    expect(readSettings(context)).toMatchObject(setting)
  })
})

const PRODUCT_EXPECTED = 'expected 1 to 30 letters, digits and inner hyphens, for example "web-shop". Change it, or leave it out.'
const PREFIXES_EXPECTED =
  'expected one or more prefixes of keys, separated by commas, for example "exports/km/", or * for a whole existing bucket. Change it, or leave it out.'

describe('an invalid setting is refused, and the message says what to do', () => {
  // prettier-ignore
  test.each([
    //  in the context                            message
    [{ maximumConcurency: 5 },                    `maximumConcurency is not a setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or remove it.`],
    [{ KM_MAX_INFLIGHT: 5 },                      `KM_MAX_INFLIGHT is not a setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or remove it.`],
    [{ maximumConcurrency: '1' },                 'maximumConcurrency is "1": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 1001 },                'maximumConcurrency is "1001": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 2.5 },                 'maximumConcurrency is "2.5": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: 'many' },              'maximumConcurrency is "many": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maximumConcurrency: [4] },                 'maximumConcurrency is "[4]": expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ maxReceiveCount: 2 },                      'maxReceiveCount is "2": expected a whole number of deliveries from 3 to 1000. Leave it out to use 5.'],
    [{ maxReceiveCount: '1001' },                 'maxReceiveCount is "1001": expected a whole number of deliveries from 3 to 1000. Leave it out to use 5.'],
    [{ KM_MAX_IN_FLIGHT: '0' },                   'KM_MAX_IN_FLIGHT is "0": expected a whole number of requests from 1 to 512. Leave it out to use 128.'],
    [{ product: 'web shop' },                     `product is "web shop": ${PRODUCT_EXPECTED}`],
    [{ product: '-shop' },                        `product is "-shop": ${PRODUCT_EXPECTED}`],
    [{ product: 'x-'.repeat(16) },                `product is "${'x-'.repeat(16)}": ${PRODUCT_EXPECTED}`],
    [{ product: '' },                             `product is empty: ${PRODUCT_EXPECTED}`],
    [{ product: ' ' },                            `product is empty: ${PRODUCT_EXPECTED}`],
    [{ product: 5 },                              `product is "5": ${PRODUCT_EXPECTED}`],
    [{ maximumConcurrency: '' },                  'maximumConcurrency is empty: expected a whole number of files at a time from 2 to 1000. Leave it out to use 2.'],
    [{ KM_MAX_IN_FLIGHT: '' },                    'KM_MAX_IN_FLIGHT is empty: expected a whole number of requests from 1 to 512. Change it, or leave it out.'],
    [{ endpoint: '' },                            'endpoint is empty: expected an https address like https://trk.kissmetrics.io. Change it, or leave it out.'],
    [{ endpoint: 'trk.kissmetrics.io' },          'endpoint is "trk.kissmetrics.io": expected an address like https://trk.kissmetrics.io.'],
    [{ endpoint: 'http://127.0.0.1:8080' },       'endpoint is "http://127.0.0.1:8080": expected an https address like https://trk.kissmetrics.io. AWS cannot reach an address of this computer; to import on this computer, run `npm start`.'],
    [{ apiKeySecretArn: 'kissmetrics-key' },      'apiKeySecretArn is "kissmetrics-key": expected the full ARN of a Secrets Manager secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, as `aws secretsmanager describe-secret` shows it. Never put the key itself here. Leave it out, and the stack creates a secret.'],
    [{ bucketName: 's3://team-uploads' },         'bucketName is "s3://team-uploads": expected the name of a bucket in this account and region, without s3://. Change it, or leave it out.'],
    [{ bucketName: 'x1x', bucketEvents: 'sqs' },   'bucketEvents is "sqs": expected eventbridge, s3, or the ARN of an SNS topic. Change it, or leave it out.'],
    [{ prefixes: '/exports/' },                   `prefixes is "/exports/": ${PREFIXES_EXPECTED}`],
    [{ prefixes: 'a/,' },                         `prefixes is "a/,": ${PREFIXES_EXPECTED}`],
    [{ prefixes: 'a*/' },                         `prefixes is "a*/": ${PREFIXES_EXPECTED}`],
    [{ prefixes: [] },                            `prefixes is "[]": ${PREFIXES_EXPECTED}`],
    [{ memoryMb: 256 },                           'memoryMb is "256": expected a whole number of megabytes from 512 to 10240. Change it, or leave it out.'],
    [{ encryption: 'kms' },                       'encryption is "kms": expected aws, customer, or the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID. Change it, or leave it out.'],
    [{ terminationProtection: 'yes' },            'terminationProtection is "yes": expected true or false. Change it, or leave it out.'],
    [{ vpcId: 'main' },                           'vpcId is "main": expected the id of a VPC, like vpc-0123456789abcdef0. Change it, or leave it out.'],
    [{ answerWebhook: 'http://example.com/km' },  'answerWebhook is "http://example.com/km": expected an https address like https://example.com/answers. Change it, or leave it out.'],
    [{ answerWebhook: 'http://localhost/km' },    'answerWebhook is "http://localhost/km": expected an https address like https://example.com/answers. Change it, or leave it out.'],
    [{ answerWebhook: 'https://10.0.0.1/km' },    'answerWebhook is "https://10.0.0.1/km": expected an https address like https://example.com/answers. Change it, or leave it out.'],
    [{ answerLink: 'example.com' },               'answerLink is "example.com": expected an address, with {bucket}, {key} or {report} where they belong. Change it, or leave it out.'],
    [{ expectedFiles: 'incoming/daily/ daily' },  'expectedFiles is "incoming/daily/ daily": expected one or more texts like "incoming/daily/ within 24h cron(0 6 * * ? *)", with up to 744h and rate(…) or cron(…) of EventBridge. Change it, or leave it out.'],
    [{ expectedFiles: 'incoming/ within 745h rate(1 day)' }, 'expectedFiles is "incoming/ within 745h rate(1 day)": expected one or more texts like "incoming/daily/ within 24h cron(0 6 * * ? *)", with up to 744h and rate(…) or cron(…) of EventBridge. Change it, or leave it out.'],
    [{ alarmEmails: 'oncall' },                   'alarmEmails is "oncall": expected one or more e-mail addresses, separated by commas. Change it, or leave it out.'],
    [{ uploaders: '12345' },                      'uploaders is "12345": expected one or more account ids or ARNs of roles or users, separated by commas. Change it, or leave it out.'],
    [{ tags: 'aws:team=data' },                   expect.stringContaining('expected one or more tags KEY=VALUE, separated by commas.')],
    [{ logRetentionDays: 100 },                   expect.stringContaining('logRetentionDays is "100": expected a number of days that CloudWatch Logs accepts (1, 3, 5, 7, ')],
    [{ fileRetentionDays: 30 },                   'fileRetentionDays is "30": expected a whole number of days from 31 to 36500. Change it, or leave it out.'],
  ])('%j', (context, message) => {
    expect(() => readSettings(context)).toThrow(expect.objectContaining({ name: 'SettingError', message }))
  })

  // prettier-ignore
  test.each([
    //  what does not go together                                           message
    [{ answerTopicKeyArn: KEY_ARN },                                        'answerTopicKeyArn is set without answerTopicArn: it is the key of an existing topic. Set answerTopicArn too, or leave answerTopicKeyArn out.'],
    [{ answerSigningSecretArn: SECRET_ARN },                                'answerSigningSecretArn is set without answerWebhook: it signs what the webhook receives. Set answerWebhook too, or leave answerSigningSecretArn out.'],
    [{ answerLink: 'https://example.com/{key}' },                           'answerLink is set, and answers are pushed nowhere. Set answerEmails, answerTopicArn or answerWebhook, or leave answerLink out.'],
    [{ expectedFiles: 'exports/ within 24h rate(1 day)' },                  'expectedFiles names exports/, and no files are imported from there. Name a prefix under incoming/, or add it to prefixes.'],
    [{ apiKeySecretKeyArn: KEY_ARN },                                       'apiKeySecretKeyArn is set without apiKeySecretArn: it is the key of an existing secret. Set apiKeySecretArn too, or leave apiKeySecretKeyArn out.'],
    [{ bucketKeyArn: KEY_ARN },                                             'bucketKeyArn is set without bucketName: it is the key of an existing bucket. Set bucketName too, or leave bucketKeyArn out.'],
    [{ bucketEvents: 's3' },                                                'bucketEvents is set without bucketName: it says how events of an existing bucket arrive. Set bucketName too, or leave bucketEvents out.'],
    [{ vpcId: VPC.vpcId },                                                  'vpcId is set without subnetIds: the function needs a subnet of the VPC. Set subnetIds too, or leave vpcId out.'],
    [{ subnetIds: VPC.subnetIds },                                          'subnetIds is set without vpcId: the subnets belong to a VPC. Set vpcId too, or leave subnetIds out.'],
    [{ securityGroupIds: 'sg-0123456789abcdef0' },                          'securityGroupIds is set without vpcId: the security groups belong to a VPC. Set vpcId too, or leave securityGroupIds out.'],
    [{ bucketName: 'x1x', prefixes: 'a/,a/b/' },                            expect.stringMatching(/^prefixes overlap, .*\.$/)],
    [{ bucketName: 'x1x', prefixes: '*,a/' },                               expect.stringMatching(/^prefixes overlap, .*\.$/)],
    [{ prefixes: 'reports/km/' },                                           expect.stringMatching(/^prefixes contain one that overlaps incoming\/, reports\/, checkpoints\/, control\/, archived\/, .*\.$/)],
    [{ prefixes: '*' },                                                     expect.stringMatching(/^prefixes contain one that overlaps incoming\/, .*\.$/)],
    [{ prefixes: 'in' },                                                    expect.stringMatching(/^prefixes contain one that overlaps incoming\/, .*\.$/)],
    [{ bucketName: 'x1x', fileRetentionDays: 90 },                          expect.stringMatching(/^fileRetentionDays is set together with bucketName: .*\.$/)],
    [{ provisionedPollers: 2, maximumConcurrency: 2 },                      expect.stringMatching(/^provisionedPollers is set together with maximumConcurrency, .*\.$/)],
    [{ reservedConcurrency: 4, maximumConcurrency: 5 },                     expect.stringMatching(/^reservedConcurrency is lower than maximumConcurrency, .*\.$/)],
    [{ profile: 'strict' },                                                 'profile is strict, and the function has no VPC. Set vpcId and subnetIds, or leave profile out.'],
    [{ profile: 'strict', ...VPC, encryption: 'aws' },                      'profile is strict, and encryption is aws. Leave encryption out, or set it to the ARN of your KMS key.'],
    [{ apiKeySecretArn: SECRET_ARN, encryption: KEY_ARN.replace('eu-west-1', 'us-east-1') }, 'apiKeySecretArn, encryption name different regions. All must be in the region of the stack.'],
  ])('%j does not go together', (context, message) => {
    expect(() => readSettings(context)).toThrow(expect.objectContaining({ name: 'SettingError', message }))
  })

  test.each(Object.keys(SETTING_ROWS))('an API key that was set as %s by mistake is not repeated in the message', (name) => {
    const key = '0123456789abcdef0123456789abcdef01234567'
    expect(() => readSettings({ [name]: `${key}?` })).not.toThrow(new RegExp(key))
    expect(() => readSettings({ [name]: `${key}?` })).toThrow(SettingError)
  })
})

describe('a setting that does not fit the place of the deployment', () => {
  const boundary = { permissionsBoundaryArn: 'arn:aws:iam::111122223333:policy/boundary' }

  // prettier-ignore
  test.each([
    //  the setting                     deployed to                                              what is wrong
    [{ encryption: KEY_ARN },           { region: 'us-east-1', account: '111122223333' },        'encryption names the region eu-west-1, and the stack is deployed to us-east-1. Use one of us-east-1, or deploy with AWS_REGION=eu-west-1.'],
    [{ encryption: KEY_ARN },           { region: 'eu-west-1' },                                 undefined],
    [{ encryption: KEY_ARN },           {},                                                      undefined],
    [{ encryption: 'customer' },        { region: 'us-east-1' },                                 undefined],
    [boundary,                          { region: 'us-east-1', account: '999988887777' },        'permissionsBoundaryArn names a policy of account 111122223333, and the stack is deployed to 999988887777. Use a policy of 999988887777, or credentials of 111122223333.'],
    [boundary,                          { region: 'us-east-1', account: '111122223333' },        undefined],
    [{ permissionsBoundaryArn: 'arn:aws:iam::aws:policy/PowerUserAccess' }, { account: '999988887777' }, undefined],
    [{},                                { region: 'us-east-1', account: '999988887777' },        undefined],
  ])('%j, deployed to %j', (given, place, message) => {
    expect(wrongPlace(readSettings(given), place)).toBe(message)
  })
})

test('a number is accepted if it is whole and in its range; otherwise the message names the range', () => {
  const numbers = { ...STACK_NUMBER_SETTINGS, ...NUMBER_SETTINGS }
  const names = Object.keys(numbers) as (keyof typeof numbers)[]
  const around = (name: keyof typeof numbers) => {
    const { min, max } = numbers[name]
    const value = fc.oneof(fc.integer({ min, max }), fc.integer(), fc.double(), fc.constantFrom(min - 1, min, max, max + 1))
    return fc.record({ name: fc.constant(name), value, asText: fc.boolean() })
  }
  fc.assert(
    fc.property(fc.oneof(...names.map(around)), ({ name, value, asText }) => {
      const { min, max } = numbers[name]
      const read = () => readSettings({ [name]: asText ? String(value) : value })
      if (!Number.isInteger(value) || value < min || value > max) expect(read).toThrow(`from ${min} to ${max}`)
      else
        expect(
          name in STACK_NUMBER_SETTINGS
            ? read()[name as keyof typeof STACK_NUMBER_SETTINGS]
            : read().overrides[name as NumberSettingName],
        ).toBe(value + 0) // 0 for -0
    }),
  )
})

test('docs/deploy.md lists every setting of the stack, with default and range', () => {
  const page = readFileSync('docs/deploy.md', 'utf8')
  const explained = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(SETTING_NAMES.filter((name) => !(name in NUMBER_SETTINGS))).toEqual(
    explained.filter((name) => SETTING_NAMES.includes(name ?? '')),
  )
  for (const [name, { default: defaultValue, allowed }] of Object.entries(SETTING_ROWS))
    expect(page).toContain(`\n| \`${name}\` | ${defaultValue} | ${allowed} | `)
})
