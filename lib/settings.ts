import {
  KISSMETRICS_ENDPOINT,
  NUMBER_SETTINGS,
  parseEndpoint,
  readNumberSetting,
  type NumberSettingName,
} from '../lambda/settings.ts'

/** The settings of a deployment. Each has a default that suits most installations. */
export interface Settings {
  /** Names the stack, so that each Kissmetrics product has its own and their keys never mix. Absent for the first and only product. */
  readonly product?: string
  /** The https origin that commands are sent to. */
  readonly endpoint: string
  /** An existing secret that holds the API key. If absent, the stack creates an empty one. */
  readonly apiKeySecretArn?: string
  /** Files, or segments of large files, that are imported at the same time. */
  readonly maximumConcurrency: number
  /** Deliveries of a message before SQS moves it to the dead-letter queue. */
  readonly maxReceiveCount: number
  /** The share of rejected lines above which an alarm goes off. */
  readonly alarmRejectedPercent: number
  /** Days without an imported file after which an alarm goes off. 0: never. */
  readonly alarmIdleDays: number
  /** Settings of the function that were set; the function has its own defaults for the others. */
  readonly overrides: Readonly<Partial<Record<NumberSettingName, number>>>
}

/** A setting that the stack cannot be deployed with. The message tells the person who deploys what to change. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
  readonly code = 'setting_error'
}

/** The settings of the stack that are numbers. `why` says where the limits come from. */
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

const STACK_TEXT_SETTINGS = ['product', 'endpoint', 'apiKeySecretArn'] as const

/** The settings that can be set with `-c NAME=VALUE`, or under "context" in cdk.json. */
export const SETTING_NAMES: readonly string[] = [
  ...STACK_TEXT_SETTINGS,
  ...Object.keys(STACK_NUMBER_SETTINGS),
  ...Object.keys(NUMBER_SETTINGS),
]

// `cdk acknowledge` stores its list here.
const CDK_NAMES = new Set(['acknowledged-issue-numbers'])

const PRODUCT = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,28}[A-Za-z0-9])?$/
const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/

/**
 * Reads the settings of a deployment from the context of the CDK app.
 *
 * @param context the whole context; the CDK's own names contain a colon or a slash
 * @throws SettingError naming the first setting that is unknown or out of range
 */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  refuseUnknownNames(context)
  const product = readText(context, 'product')
  const apiKeySecretArn = readText(context, 'apiKeySecretArn')
  if (product !== undefined && !PRODUCT.test(product)) {
    throw new SettingError(
      `product is "${product}": expected 1 to 30 letters, digits and inner hyphens, for example "web-shop". Change it, or leave it out.`,
    )
  }
  if (apiKeySecretArn !== undefined && !SECRET_ARN.test(apiKeySecretArn)) {
    // The value may be the API key itself, set here by mistake, so the message does not repeat it.
    throw new SettingError(
      'apiKeySecretArn is not the full ARN of a Secrets Manager secret: expected arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, ' +
        'as `aws secretsmanager describe-secret` shows it. Never put the key itself here. Leave it out, and the stack creates a secret.',
    )
  }
  return {
    ...(product !== undefined && { product }),
    endpoint: readEndpoint(readText(context, 'endpoint') ?? KISSMETRICS_ENDPOINT),
    ...(apiKeySecretArn !== undefined && { apiKeySecretArn }),
    maximumConcurrency: readStackNumber(context, 'maximumConcurrency'),
    maxReceiveCount: readStackNumber(context, 'maxReceiveCount'),
    alarmRejectedPercent: readStackNumber(context, 'alarmRejectedPercent'),
    alarmIdleDays: readStackNumber(context, 'alarmIdleDays'),
    overrides: readOverrides(context),
  }
}

/** Without this check, a misspelled name would be ignored and the default deployed. */
function refuseUnknownNames(context: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(context)) {
    if (/[:/@]/.test(name) || SETTING_NAMES.includes(name) || CDK_NAMES.has(name)) continue
    throw new SettingError(
      `${name} is not a setting of this stack: expected one of ${SETTING_NAMES.join(', ')}. Correct the name, or remove it.`,
    )
  }
}

function readText(context: Readonly<Record<string, unknown>>, name: (typeof STACK_TEXT_SETTINGS)[number]): string | undefined {
  const value = context[name]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return value
  throw new SettingError(`${name} is a ${typeof value}: expected text. Put it in quotes, or leave it out.`)
}

function readEndpoint(text: string): string {
  const { protocol, origin } = asSetting(() => parseEndpoint(text, 'endpoint'))
  if (protocol === 'https:') return origin
  throw new SettingError(
    `endpoint is "${text}": expected an https address like ${KISSMETRICS_ENDPOINT}. ` +
      'AWS cannot reach an address of this computer; to import on this computer, run `npm start`.',
  )
}

function readStackNumber(context: Readonly<Record<string, unknown>>, name: keyof typeof STACK_NUMBER_SETTINGS): number {
  const { unit, min, max, default: defaultValue } = STACK_NUMBER_SETTINGS[name]
  const text = asText(context[name])
  if (text === '') return defaultValue
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SettingError(
    `${name} is "${text}": expected a whole number of ${unit} from ${min} to ${max}. Leave it out to use ${defaultValue}.`,
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

/** A value in cdk.json can be a number; on the command line it is always text. */
function asText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}

/** Runs a check of the function's settings, so that a deployment fails on the values that the function would refuse. */
function asSetting<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new SettingError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
