import * as v from 'valibot'
import { KISSMETRICS_ENDPOINT, parseEndpoint, parseLink, parseWebAddress } from '../lambda/settings/addresses.ts'
import { EXPECTED_FILES, MAX_EXPECTED_HOURS, parseExpectedFiles } from './expected-files.ts'

/** One setting: what it may be, and the two sentences that a refused value is answered with. */
export interface SettingRow<Value> {
  /** The values that are allowed, as the message and docs/deploy.md say it. */
  readonly allowed: string
  /** What happens without the setting, as docs/deploy.md says it. */
  readonly default: string
  /** What to do about a value that is not allowed. */
  readonly cure: string
  /** A message that says more than `allowed` does. */
  readonly explain?: (text: string) => string | undefined
  readonly schema: v.GenericSchema<unknown, Value>
}

const CHANGE_IT = 'Change it, or leave it out.'

function row<Value>(
  schema: v.GenericSchema<unknown, Value>,
  texts: Pick<SettingRow<Value>, 'allowed' | 'default'> & { readonly cure?: string },
): SettingRow<Value> {
  return { schema, cure: CHANGE_IT, ...texts }
}

/** A value is text on the command line; in a file it can be a number, a boolean or a list as well. */
const WholeNumber = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.trim(), v.nonEmpty(), v.transform(Number))]),
  v.safeInteger(),
  v.transform((value) => value + 0), // 0 for -0
)
const Flag = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((value) => value === 'true'),
  ),
])
const List = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((text) => text.split(',').map((item) => item.trim())),
  ),
])

/** A row for each number that the stack needs. `why` says where its limits come from. */
export const STACK_NUMBER_SETTINGS = {
  maximumConcurrency: {
    unit: 'files at a time',
    default: 2,
    min: 2,
    max: 1000,
    why: 'the range that AWS Lambda allows for SQS event sources',
  },
  maxReceiveCount: {
    unit: 'deliveries',
    default: 5,
    min: 3,
    max: 1000,
    why: 'SQS also counts deliveries that the function never saw, so 1 or 2 would discard good messages; 1000 is the maximum of SQS',
  },
  alarmRejectedPercent: { unit: 'percent', default: 5, min: 0, max: 99, why: 'at 0, every rejected line sets off the alarm' },
  alarmIdleDays: { unit: 'days', default: 0, min: 0, max: 7, why: 'the longest time that a CloudWatch alarm can look back' },
} as const

interface Range {
  readonly unit: string
  readonly min: number
  readonly max: number
}

const inRange = ({ min, max }: Range) => v.pipe(WholeNumber, v.minValue(min), v.maxValue(max))

function requiredNumber(name: keyof typeof STACK_NUMBER_SETTINGS): SettingRow<number> {
  const { unit, min, max, default: defaultValue } = STACK_NUMBER_SETTINGS[name]
  return row(inRange(STACK_NUMBER_SETTINGS[name]), {
    allowed: `a whole number of ${unit} from ${min} to ${max}`,
    default: String(defaultValue),
    cure: `Leave it out to use ${defaultValue}.`,
  })
}

function optionalNumber(range: Range, without: string): SettingRow<number> {
  const { unit, min, max } = range
  return row(inRange(range), { allowed: `a whole number of ${unit} from ${min} to ${max}`, default: without })
}

function textLike(pattern: RegExp, allowed: string, without: string, cure = CHANGE_IT): SettingRow<string> {
  return row(v.pipe(v.string(), v.regex(pattern)), { allowed, default: without, cure })
}

function listOf(pattern: RegExp, allowed: string, without: string): SettingRow<readonly string[]> {
  return listWhere((item) => pattern.test(item), allowed, without)
}

function listWhere(isAllowed: (item: string) => boolean, allowed: string, without: string): SettingRow<readonly string[]> {
  return row(v.pipe(List, v.minLength(1), v.everyItem(isAllowed)), { allowed, default: without })
}

/** @param check throws, or returns false, for a text that is not allowed */
function checkedText(check: (text: string) => boolean, allowed: string, without: string): SettingRow<string> {
  const isAllowed = (text: string): boolean => {
    try {
      return check(text)
    } catch {
      return false
    }
  }
  return row(v.pipe(v.string(), v.check(isAllowed)), { allowed, default: without })
}

function whyNotEndpoint(text: string): string | undefined {
  try {
    if (parseEndpoint(text, 'endpoint').protocol === 'https:') return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
  return (
    `endpoint is "${text}": expected an https address like ${KISSMETRICS_ENDPOINT}. ` +
    'AWS cannot reach an address of this computer; to import on this computer, run `npm start`.'
  )
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]

const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/
const KEY_ARN_TEXT = 'the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID'
const TOPIC_ARN = String.raw`arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+`
const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/
const SECRET_ARN_TEXT =
  'the full ARN of a Secrets Manager secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, as `aws secretsmanager describe-secret` shows it'
const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/
const BUCKET_NAME = String.raw`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`

/** Every setting of the stack but those of the function, in the order of docs/deploy.md. */
export const SETTING_ROWS = {
  product: textLike(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,28}[A-Za-z0-9])?$/,
    '1 to 30 letters, digits and inner hyphens, for example "web-shop"',
    'one product only',
  ),
  endpoint: {
    schema: v.pipe(
      v.string(),
      v.check((text) => whyNotEndpoint(text) === undefined),
      v.transform((text) => parseEndpoint(text, 'endpoint').origin),
    ),
    allowed: `an https address like ${KISSMETRICS_ENDPOINT}`,
    default: `\`${KISSMETRICS_ENDPOINT}\``,
    cure: CHANGE_IT,
    explain: whyNotEndpoint,
  } satisfies SettingRow<string>,
  apiKeySecretArn: textLike(
    SECRET_ARN,
    SECRET_ARN_TEXT,
    'the stack creates an empty secret',
    'Never put the key itself here. Leave it out, and the stack creates a secret.',
  ),
  apiKeySecretKeyArn: textLike(KEY_ARN, KEY_ARN_TEXT, 'the secret is encrypted with the key of AWS'),
  bucketName: textLike(
    new RegExp(`^${BUCKET_NAME}$`),
    'the name of a bucket in this account and region, without s3://',
    'files are uploaded to the bucket of the stack',
  ),
  bucketKeyArn: textLike(KEY_ARN, KEY_ARN_TEXT, 'the files are encrypted with a key of AWS'),
  bucketEvents: row(v.pipe(v.string(), v.regex(new RegExp(`^(eventbridge|s3|${TOPIC_ARN})$`))), {
    allowed: 'eventbridge, s3, or the ARN of an SNS topic',
    default: 'eventbridge',
  }),
  prefixes: listOf(
    /^(\*|[^,*?"$\\\p{Cc}/][^,*?"$\\\p{Cc}]*)$/u,
    'one or more prefixes of keys, separated by commas, for example "exports/km/", or * for a whole existing bucket',
    '`incoming/`',
  ),
  maximumConcurrency: requiredNumber('maximumConcurrency'),
  provisionedPollers: optionalNumber({ unit: 'pollers', min: 2, max: 200 }, 'Lambda starts and stops pollers by itself'),
  reservedConcurrency: optionalNumber(
    { unit: 'invocations', min: 2, max: 1000 },
    'the function shares the concurrency of the account',
  ),
  maxReceiveCount: requiredNumber('maxReceiveCount'),
  memoryMb: optionalNumber({ unit: 'megabytes', min: 512, max: 10_240 }, '1024'),
  encryption: row(v.pipe(v.string(), v.regex(new RegExp(`^(aws|customer|${KEY_ARN.source.slice(1, -1)})$`))), {
    allowed: `aws, customer, or ${KEY_ARN_TEXT}`,
    default: 'aws',
  }),
  vpcId: textLike(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, like vpc-0123456789abcdef0', 'the function runs outside any VPC'),
  subnetIds: listOf(
    /^subnet-[0-9a-f]{8,17}$/,
    'one or more ids of private subnets, separated by commas, like subnet-0123456789abcdef0',
    'required with vpcId',
  ),
  securityGroupIds: listOf(
    /^sg-[0-9a-f]{8,17}$/,
    'one or more ids of security groups, separated by commas, like sg-0123456789abcdef0',
    'the stack creates one that allows no inbound connection',
  ),
  accessLogs: textLike(
    new RegExp(`^(create|${BUCKET_NAME})$`),
    'create, or the name of a bucket for access logs',
    'S3 writes no access logs',
  ),
  logRetentionDays: row(
    v.pipe(
      WholeNumber,
      v.check((days) => LOG_RETENTION_DAYS.includes(days)),
    ),
    { allowed: `a number of days that CloudWatch Logs accepts (${LOG_RETENTION_DAYS.join(', ')})`, default: '90' },
  ),
  fileRetentionDays: optionalNumber({ unit: 'days', min: 31, max: 36_500 }, 'files are kept'),
  reportRetentionDays: optionalNumber({ unit: 'days', min: 31, max: 36_500 }, 'reports are kept'),
  archiveRetentionDays: optionalNumber({ unit: 'days', min: 31, max: 36_500 }, 'archived lines are kept'),
  alarmEmails: listOf(EMAIL, 'one or more e-mail addresses, separated by commas', 'no e-mail is sent'),
  alarmRejectedPercent: requiredNumber('alarmRejectedPercent'),
  alarmIdleDays: requiredNumber('alarmIdleDays'),
  answerTopicArn: textLike(new RegExp(`^${TOPIC_ARN}$`), 'the ARN of an SNS topic', 'with answerEmails, the stack creates one'),
  answerTopicKeyArn: textLike(KEY_ARN, KEY_ARN_TEXT, 'the topic is not encrypted, or with a key of AWS'),
  answerEmails: listOf(EMAIL, 'one or more e-mail addresses, separated by commas', 'no e-mail is sent'),
  answerWebhook: checkedText(
    (text) => parseWebAddress(text, 'answerWebhook').protocol === 'https:',
    'an https address like https://example.com/answers',
    'no answers are posted',
  ),
  answerSigningSecretArn: textLike(
    SECRET_ARN,
    SECRET_ARN_TEXT,
    'answers to the webhook are not signed',
    'Never put the key itself here.',
  ),
  answerSigningSecretKeyArn: textLike(KEY_ARN, KEY_ARN_TEXT, 'the secret is encrypted with the key of AWS'),
  answerLink: checkedText(
    (text) => parseLink(text, 'answerLink') !== '',
    'an address, with {bucket}, {key} or {report} where they belong',
    'answers name commands only',
  ),
  expectedFiles: listWhere(
    (item) => EXPECTED_FILES.test(item) && parseExpectedFiles(item).withinHours <= MAX_EXPECTED_HOURS,
    'one or more texts like "incoming/daily/ within 24h cron(0 6 * * ? *)", with up to 744h and rate(…) or cron(…) of EventBridge',
    'no file is missed',
  ),
  uploaders: listOf(
    /^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+)$/,
    'one or more account ids or ARNs of roles or users, separated by commas',
    'principals of this account that have a policy for it',
  ),
  permissionsBoundaryArn: textLike(
    /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/,
    'the ARN of an IAM policy, arn:aws:iam::ACCOUNT:policy/NAME',
    'the roles have no permissions boundary',
  ),
  tags: listOf(/^(?!aws:)[\w .:/+@-]{1,128}=[\w .:/=+@-]{0,256}$/, 'one or more tags KEY=VALUE, separated by commas', 'no tags'),
  terminationProtection: row(Flag, { allowed: 'true or false', default: 'false' }),
  profile: row(v.picklist(['standard', 'strict']), { allowed: 'standard or strict', default: 'standard' }),
} as const

type Rows = typeof SETTING_ROWS
type ValueOf<Row> = Row extends SettingRow<infer Value> ? Value : never

/** A value for each row that was set. */
export type GivenSettings = { readonly [Name in keyof Rows]?: ValueOf<Rows[Name]> }
