import * as v from 'valibot'
import { KISSMETRICS_ENDPOINT, NUMBER_SETTINGS, readNumberSetting, shown, type NumberSettingName } from '../lambda/settings.ts'
import { ARCHIVED_PREFIX, CHECKPOINTS_PREFIX, INCOMING_PREFIX, REPORTS_PREFIX } from '../lambda/keys.ts'
import { SETTING_ROWS, STACK_NUMBER_SETTINGS, type SettingRow } from './setting-rows.ts'

type Rows = typeof SETTING_ROWS
type ValueOf<Row> = Row extends SettingRow<infer Value> ? Value : never
type Given = { readonly [Name in keyof Rows]?: ValueOf<Rows[Name]> }

/** The settings of a deployment: a value for each row of the table in docs/deploy.md that was set. */
export interface Settings extends Given {
  /** The https origin that commands are sent to. */
  readonly endpoint: string
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

/** The settings that can be set with `-c NAME=VALUE`, or in the settings file. */
export const SETTING_NAMES: readonly string[] = [...Object.keys(SETTING_ROWS), ...Object.keys(NUMBER_SETTINGS)]

// `cdk acknowledge` stores its list here.
const CDK_NAMES = new Set(['acknowledged-issue-numbers'])

/** What the strict profile sets, unless a setting says otherwise. */
const STRICT = {
  encryption: 'customer',
  accessLogs: 'create',
  logRetentionDays: 400,
  terminationProtection: true,
} as const satisfies Given

/**
 * Reads the settings of a deployment from the context of the CDK app.
 *
 * @param context the whole context; the CDK's own names contain a colon or a slash
 * @throws SettingError naming the first setting that is unknown, out of range, or does not go with another one
 */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  refuseUnknownNames(context)
  const given = Object.fromEntries(
    Object.entries(SETTING_ROWS)
      .filter(([name]) => context[name] !== undefined)
      .map(([name, row]) => [name, read(name, row, context[name])]),
  ) as Given
  const settings = given.profile === 'strict' ? { ...STRICT, ...given } : given
  const [wrong] = COMBINATIONS.filter(({ isWrong }) => isWrong(settings))
  if (wrong !== undefined) throw new SettingError(wrong.message)
  return {
    endpoint: KISSMETRICS_ENDPOINT,
    maximumConcurrency: STACK_NUMBER_SETTINGS.maximumConcurrency.default,
    maxReceiveCount: STACK_NUMBER_SETTINGS.maxReceiveCount.default,
    alarmRejectedPercent: STACK_NUMBER_SETTINGS.alarmRejectedPercent.default,
    alarmIdleDays: STACK_NUMBER_SETTINGS.alarmIdleDays.default,
    ...settings,
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

function read(name: string, row: SettingRow<unknown>, value: unknown): unknown {
  const { success, output } = v.safeParse(row.schema, value)
  if (success) return output
  const text = asText(value)
  const explained = text === '' ? undefined : row.explain?.(text)
  // The value may be the API key itself, set here by mistake, so the message does not repeat what could be one.
  throw new SettingError(explained ?? `${name} is ${text === '' ? 'empty' : shown(text)}: expected ${row.allowed}. ${row.cure}`)
}

function readOverrides(context: Readonly<Record<string, unknown>>): Settings['overrides'] {
  const overrides: Partial<Record<NumberSettingName, number>> = {}
  for (const name of Object.keys(NUMBER_SETTINGS) as NumberSettingName[]) {
    if (context[name] === undefined) continue
    const text = asText(context[name])
    if (text === '') {
      const { unit, min, max } = NUMBER_SETTINGS[name]
      throw new SettingError(
        `${name} is empty: expected a whole number of ${unit} from ${min} to ${max}. Change it, or leave it out.`,
      )
    }
    overrides[name] = asSetting(() => readNumberSetting(name, { [name]: text }))
  }
  return overrides
}

/** A value in a file can be a number; on the command line it is always text. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}

/** Runs a check of the function's settings, so that a deployment fails on the values that the function would refuse. */
function asSetting<T>(check: () => T): T {
  try {
    return check()
  } catch (cause) {
    throw new SettingError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

interface Combination {
  readonly isWrong: (given: Given) => boolean
  readonly message: string
}

const needs = (name: keyof Rows, other: keyof Rows, why: string): Combination => ({
  isWrong: (given) => given[name] !== undefined && given[other] === undefined,
  message: `${name} is set without ${other}: ${why} Set ${other} too, or leave ${name} out.`,
})

/** The settings of the bucket of the stack, which has prefixes of its own. */
const OWN_PREFIXES = [INCOMING_PREFIX, REPORTS_PREFIX, CHECKPOINTS_PREFIX, ARCHIVED_PREFIX]

const overlap = (a: string, b: string) => a === '*' || b === '*' || a.startsWith(b) || b.startsWith(a)

/** Settings that do not go together. The first one that applies is reported. */
const COMBINATIONS: readonly Combination[] = [
  needs('apiKeySecretKeyArn', 'apiKeySecretArn', 'it is the key of an existing secret.'),
  needs('bucketKeyArn', 'bucketName', 'it is the key of an existing bucket.'),
  needs('bucketEvents', 'bucketName', 'it says how events of an existing bucket arrive.'),
  needs('vpcId', 'subnetIds', 'the function needs a subnet of the VPC.'),
  needs('subnetIds', 'vpcId', 'the subnets belong to a VPC.'),
  needs('securityGroupIds', 'vpcId', 'the security groups belong to a VPC.'),
  {
    isWrong: ({ prefixes = [] }) => prefixes.some((a, index) => prefixes.some((b, other) => other > index && overlap(a, b))),
    message: 'prefixes overlap, so a file would be imported for each of them. Leave out the longer one of two that begin alike.',
  },
  {
    isWrong: ({ bucketName, prefixes = [] }) =>
      bucketName === undefined &&
      prefixes.some((prefix) => prefix !== INCOMING_PREFIX && OWN_PREFIXES.some((own) => overlap(prefix, own))),
    message:
      `prefixes contain one that overlaps ${OWN_PREFIXES.join(', ')}, which the bucket of the stack uses itself. ` +
      'Choose another prefix, or set bucketName to import from an existing bucket.',
  },
  {
    isWrong: ({ fileRetentionDays, bucketName }) => fileRetentionDays !== undefined && bucketName !== undefined,
    message:
      'fileRetentionDays is set together with bucketName: the stack does not change an existing bucket. ' +
      'Leave fileRetentionDays out, and add a lifecycle rule to that bucket.',
  },
  {
    isWrong: ({ provisionedPollers, maximumConcurrency }) => provisionedPollers !== undefined && maximumConcurrency !== undefined,
    message:
      'provisionedPollers is set together with maximumConcurrency, which AWS Lambda refuses. ' +
      'Leave one of them out; each poller allows 10 files at a time.',
  },
  {
    isWrong: ({ reservedConcurrency, maximumConcurrency = STACK_NUMBER_SETTINGS.maximumConcurrency.default }) =>
      reservedConcurrency !== undefined && reservedConcurrency < maximumConcurrency,
    message:
      'reservedConcurrency is lower than maximumConcurrency, so Lambda would throttle the importer. ' +
      'Set reservedConcurrency to maximumConcurrency or more.',
  },
  {
    isWrong: ({ profile, vpcId }) => profile === 'strict' && vpcId === undefined,
    message: 'profile is strict, and the function has no VPC. Set vpcId and subnetIds, or leave profile out.',
  },
  {
    isWrong: ({ profile, encryption }) => profile === 'strict' && encryption === 'aws',
    message: 'profile is strict, and encryption is aws. Leave encryption out, or set it to the ARN of your KMS key.',
  },
]
