import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX, INCOMING_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import { notImported, parseExpectedFiles } from './expected-files.ts'
import { STACK_NUMBER_SETTINGS, type GivenSettings } from './setting-rows.ts'

/** What a message calls a setting: a prop of the construct can have another name. */
export type NameOf = (setting: keyof GivenSettings) => string

interface Combination {
  readonly isWrong: (given: GivenSettings) => boolean
  readonly message: (nameOf: NameOf, given: GivenSettings) => string
}

/** @returns the first thing that does not go together, and what to do about it */
export function wrongCombination(given: GivenSettings, nameOf: NameOf): string | undefined {
  return COMBINATIONS.find(({ isWrong }) => isWrong(given))?.message(nameOf, given)
}

const needs = (name: keyof GivenSettings, other: keyof GivenSettings, why: string): Combination => ({
  isWrong: (given) => given[name] !== undefined && given[other] === undefined,
  message: (nameOf) =>
    `${nameOf(name)} is set without ${nameOf(other)}: ${why} Set ${nameOf(other)} too, or leave ${nameOf(name)} out.`,
})

/** The bucket of the stack has prefixes of its own. */
const OWN_PREFIXES = [INCOMING_PREFIX, REPORTS_PREFIX, CHECKPOINTS_PREFIX, CONTROL_PREFIX, ARCHIVED_PREFIX]

const overlap = (a: string, b: string) => a === '*' || b === '*' || a.startsWith(b) || b.startsWith(a)

/** The first expected prefix that no files are imported from. */
function missingSource(expected: readonly string[], prefixes: readonly string[] = [], bucketName?: string): string | undefined {
  const imported = [INCOMING_PREFIX, ...prefixes.map((prefix) => (prefix === '*' && bucketName !== undefined ? '' : prefix))]
  return notImported(expected.map(parseExpectedFiles), imported)
}

const COMBINATIONS: readonly Combination[] = [
  needs('apiKeySecretKeyArn', 'apiKeySecretArn', 'it is the key of an existing secret.'),
  needs('bucketKeyArn', 'bucketName', 'it is the key of an existing bucket.'),
  needs('bucketEvents', 'bucketName', 'it says how events of an existing bucket arrive.'),
  needs('answerTopicKeyArn', 'answerTopicArn', 'it is the key of an existing topic.'),
  needs('answerSigningSecretArn', 'answerWebhook', 'it signs what the webhook receives.'),
  needs('answerSigningSecretKeyArn', 'answerSigningSecretArn', 'it is the key of an existing secret.'),
  {
    isWrong: ({ answerLink, answerTopicArn, answerEmails, answerWebhook }) =>
      answerLink !== undefined && [answerTopicArn, answerEmails, answerWebhook].every((each) => each === undefined),
    message: (nameOf) =>
      `${nameOf('answerLink')} is set, and answers are pushed nowhere. Set ${nameOf('answerEmails')}, ${nameOf('answerTopicArn')} or ` +
      `${nameOf('answerWebhook')}, or leave ${nameOf('answerLink')} out.`,
  },
  {
    isWrong: ({ expectedFiles = [], prefixes, bucketName }) => missingSource(expectedFiles, prefixes, bucketName) !== undefined,
    message: (nameOf, { expectedFiles = [], prefixes, bucketName }) =>
      `${nameOf('expectedFiles')} names ${missingSource(expectedFiles, prefixes, bucketName) ?? ''}, and no files are imported from there. ` +
      `Name a prefix under ${INCOMING_PREFIX}, or add it to ${nameOf('prefixes')}.`,
  },
  needs('vpcId', 'subnetIds', 'the function needs a subnet of the VPC.'),
  needs('subnetIds', 'vpcId', 'the subnets belong to a VPC.'),
  needs('securityGroupIds', 'vpcId', 'the security groups belong to a VPC.'),
  {
    isWrong: ({ prefixes = [] }) => prefixes.some((a, index) => prefixes.some((b, other) => other > index && overlap(a, b))),
    message: () =>
      'prefixes overlap, so a file would be imported for each of them. Leave out the longer one of two that begin alike.',
  },
  {
    isWrong: ({ bucketName, prefixes = [] }) =>
      bucketName === undefined &&
      prefixes.some((prefix) => prefix !== INCOMING_PREFIX && OWN_PREFIXES.some((own) => overlap(prefix, own))),
    message: (nameOf) =>
      `prefixes contain one that overlaps ${OWN_PREFIXES.join(', ')}, which the bucket of the stack uses itself. ` +
      `Choose another prefix, or set ${nameOf('bucketName')} to import from an existing bucket.`,
  },
  {
    isWrong: ({ fileRetentionDays, bucketName }) => fileRetentionDays !== undefined && bucketName !== undefined,
    message: (nameOf) =>
      `${nameOf('fileRetentionDays')} is set together with ${nameOf('bucketName')}: the stack does not change an existing bucket. ` +
      `Leave ${nameOf('fileRetentionDays')} out, and add a lifecycle rule to that bucket.`,
  },
  {
    isWrong: ({ provisionedPollers, maximumConcurrency }) => provisionedPollers !== undefined && maximumConcurrency !== undefined,
    message: () =>
      'provisionedPollers is set together with maximumConcurrency, which AWS Lambda refuses. ' +
      'Leave one of them out; each poller allows 10 files at a time.',
  },
  {
    isWrong: ({ reservedConcurrency, maximumConcurrency = STACK_NUMBER_SETTINGS.maximumConcurrency.default }) =>
      reservedConcurrency !== undefined && reservedConcurrency < maximumConcurrency,
    message: () =>
      'reservedConcurrency is lower than maximumConcurrency, so Lambda would throttle the importer. ' +
      'Set reservedConcurrency to maximumConcurrency or more.',
  },
  {
    isWrong: ({ profile, vpcId }) => profile === 'strict' && vpcId === undefined,
    message: () => 'profile is strict, and the function has no VPC. Set vpcId and subnetIds, or leave profile out.',
  },
  {
    isWrong: ({ profile, encryption }) => profile === 'strict' && encryption === 'aws',
    message: () => 'profile is strict, and encryption is aws. Leave encryption out, or set it to the ARN of your KMS key.',
  },
  {
    isWrong: (given) => new Set(regional(given).map(({ region }) => region)).size > 1,
    message: (nameOf, given) => {
      const names = regional(given).map(({ setting }) => nameOf(setting))
      return `${names.join(', ')} name different regions. All must be in the region of the stack.`
    },
  },
]

/** Settings whose value is an ARN in the region of the stack, or can be one. */
const REGIONAL = [
  'apiKeySecretArn',
  'apiKeySecretKeyArn',
  'bucketKeyArn',
  'bucketEvents',
  'encryption',
  'answerTopicArn',
  'answerTopicKeyArn',
  'answerSigningSecretArn',
  'answerSigningSecretKeyArn',
] as const

interface Place {
  readonly region?: string | undefined
  readonly account?: string | undefined
}

/** @returns why the settings do not fit the place that the stack is deployed to, as far as it is known, and what to do about it */
export function wrongPlace(given: GivenSettings, { region, account }: Place): string | undefined {
  const elsewhere = regional(given).find((each) => region !== undefined && each.region !== region)
  if (elsewhere !== undefined)
    return (
      `${elsewhere.setting} names the region ${elsewhere.region}, and the stack is deployed to ${region}. ` +
      `Use one of ${region}, or deploy with AWS_REGION=${elsewhere.region}.`
    )
  const owner = given.permissionsBoundaryArn?.split(':')[4]
  if (owner !== undefined && owner !== 'aws' && account !== undefined && owner !== account)
    return (
      `permissionsBoundaryArn names a policy of account ${owner}, and the stack is deployed to ${account}. ` +
      `Use a policy of ${account}, or credentials of ${owner}.`
    )
  return undefined
}

/** The settings that name a region. */
function regional(given: GivenSettings): readonly { readonly setting: keyof GivenSettings; readonly region: string }[] {
  return REGIONAL.flatMap((setting) => {
    const [arn, , , region] = given[setting]?.split(':') ?? []
    return arn === 'arn' && region !== undefined ? [{ setting, region }] : []
  })
}
