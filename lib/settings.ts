import {
  KISSMETRICS_ENDPOINT,
  NUMBER_SETTINGS,
  parseEndpoint,
  readNumberSetting,
  type NumberSettingName,
} from '../lambda/settings.ts'

/** What a person may choose when deploying; all of it has a default that is right for most. */
export interface Settings {
  /** Tells the stacks of several Kissmetrics products apart, so that their keys never mix. Left out for the first and only one. */
  readonly product?: string
  /** Where the commands go: an https origin. */
  readonly endpoint: string
  /** An existing secret that holds the API key. Left out, the stack makes an empty one. */
  readonly apiKeySecretArn?: string
  /** Drops that are imported at the same time. */
  readonly maximumConcurrency: number
  /** Deliveries of a message before it goes to the dead letters. */
  readonly maxReceiveCount: number
  /** Only those that were set: the function knows the defaults of the others. */
  readonly overrides: Readonly<Partial<Record<NumberSettingName, number>>>
}

/** A setting that the stack cannot be made with. The message is for the person who deploys, and stands alone. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** The settings that are numbers. `why` tells where the limits come from. */
export const COUNTS = {
  maximumConcurrency: { unit: 'drops at a time', default: 2, min: 2, max: 1000, why: 'what SQS event sources of Lambda allow' },
  maxReceiveCount: {
    unit: 'deliveries',
    default: 5,
    min: 3,
    max: 1000,
    why: 'SQS counts a delivery that the function never saw, so that 1 or 2 would lose good messages to it; 1000 is the most it allows',
  },
} as const

const TEXTS = ['product', 'endpoint', 'apiKeySecretArn'] as const

/** What may be given with `-c NAME=VALUE`, or under "context" in cdk.json. */
export const SETTING_NAMES: readonly string[] = [...TEXTS, ...Object.keys(COUNTS), ...Object.keys(NUMBER_SETTINGS)]

// "acknowledged-issue-numbers" is where `cdk acknowledge` keeps its list.
const OTHERS = new Set(['acknowledged-issue-numbers'])

const PRODUCT = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,28}[A-Za-z0-9])?$/
const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/

/**
 * The settings of a deployment, from the context of the CDK app.
 *
 * @param context everything in it: also CDK's own, whose names hold a colon or a slash
 * @throws SettingError naming the first setting that is unknown or out of its range
 */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  refuseUnknown(context)
  const product = readText(context, 'product')
  const apiKeySecretArn = readText(context, 'apiKeySecretArn')
  if (product !== undefined && !PRODUCT.test(product)) {
    throw new SettingError(
      `product is "${product}": expected 1 to 30 letters, digits and inner hyphens, such as "web-shop". Change it, or leave it out.`,
    )
  }
  if (apiKeySecretArn !== undefined && !SECRET_ARN.test(apiKeySecretArn)) {
    // It may be the key itself that was put here by mistake, so it is not repeated.
    throw new SettingError(
      'apiKeySecretArn is not the full ARN of a Secrets Manager secret: expected arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, ' +
        'as `aws secretsmanager describe-secret` shows it. Never put the key itself here. Leave it out to have a secret made.',
    )
  }
  return {
    ...(product !== undefined && { product }),
    endpoint: readEndpoint(readText(context, 'endpoint') ?? KISSMETRICS_ENDPOINT),
    ...(apiKeySecretArn !== undefined && { apiKeySecretArn }),
    maximumConcurrency: readCount(context, 'maximumConcurrency'),
    maxReceiveCount: readCount(context, 'maxReceiveCount'),
    overrides: readOverrides(context),
  }
}

/** A name that was mistyped would else be passed over, and the default deployed. */
function refuseUnknown(context: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(context)) {
    if (/[:/@]/.test(name) || SETTING_NAMES.includes(name) || OTHERS.has(name)) continue
    throw new SettingError(
      `${name} is no setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or take it out.`,
    )
  }
}

function readText(context: Readonly<Record<string, unknown>>, name: (typeof TEXTS)[number]): string | undefined {
  const value = context[name]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return value
  throw new SettingError(`${name} is a ${typeof value}: expected text. Put it in quotes, or leave it out.`)
}

function readEndpoint(text: string): string {
  const { protocol, origin } = asSetting(() => parseEndpoint(text, 'endpoint'))
  if (protocol === 'https:') return origin
  throw new SettingError(
    `endpoint is "${text}": expected an https address such as ${KISSMETRICS_ENDPOINT}. ` +
      'An address of this computer cannot be reached from AWS; run `npm start` to import on this computer.',
  )
}

function readCount(context: Readonly<Record<string, unknown>>, name: keyof typeof COUNTS): number {
  const { unit, min, max, default: usual } = COUNTS[name]
  const text = asText(context[name])
  if (text === '') return usual
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SettingError(
    `${name} is "${text}": expected a whole number of ${unit} from ${min} to ${max}. Leave it out to use ${usual}.`,
  )
}

function readOverrides(context: Readonly<Record<string, unknown>>): Settings['overrides'] {
  const overrides: Partial<Record<NumberSettingName, number>> = {}
  for (const name of Object.keys(NUMBER_SETTINGS) as NumberSettingName[]) {
    const text = asText(context[name])
    if (text !== '') overrides[name] = asSetting(() => readNumberSetting(name, { [name]: text }))
  }
  return overrides
}

/** cdk.json can hold a number, the command line only text. */
function asText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}

/** The importer's own checks, so that what cannot be deployed is what cannot run; their messages are for the same person. */
function asSetting<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new SettingError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
