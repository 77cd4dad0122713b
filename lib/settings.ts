import * as v from 'valibot'
import { KISSMETRICS_ENDPOINT, shown } from '../lambda/settings/addresses.ts'
import { NUMBER_SETTINGS, readNumberSetting, type NumberSettingName } from '../lambda/settings/numbers.ts'
import { wrongCombination, type NameOf } from './setting-combinations.ts'
import { SETTING_ROWS, STACK_NUMBER_SETTINGS, type GivenSettings, type SettingRow } from './setting-rows.ts'

/** The settings of a deployment: a value for each row of the table in docs/deploy.md that was set. */
export interface Settings extends GivenSettings {
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
} as const satisfies GivenSettings

/**
 * Reads the settings of a deployment from the context of the CDK app.
 *
 * @param context the whole context; the CDK's own names contain a colon or a slash
 * @param objects settings whose values are objects of the CDK: only whether they are set matters
 * @throws SettingError naming the first setting that is unknown, out of range, or does not go with another one
 */
export function readSettings(
  context: Readonly<Record<string, unknown>>,
  objects: GivenSettings = {},
  nameOf: NameOf = (setting) => setting,
): Settings {
  refuseUnknownNames(context)
  const given = Object.fromEntries(
    Object.entries(SETTING_ROWS)
      .filter(([name]) => context[name] !== undefined)
      .map(([name, row]) => [name, read(nameOf(name as keyof GivenSettings), row, context[name])]),
  ) as GivenSettings
  const settings = given.profile === 'strict' ? { ...STRICT, ...given } : given
  const wrong = wrongCombination({ ...settings, ...objects }, nameOf)
  if (wrong !== undefined) throw new SettingError(wrong)
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
