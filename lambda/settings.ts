import { SetupError } from './errors.ts'

export interface NumberSetting {
  readonly unit: string
  readonly default: number
  readonly min: number
  readonly max: number
  readonly why: string
}

/** Every knob there is. The stack's properties, the CLI and docs/configuration.md name the same ones. */
export const NUMBER_SETTINGS = {
  KM_MAX_IN_FLIGHT: {
    unit: 'requests',
    default: 64,
    min: 1,
    max: 512,
    why: 'most requests that wait for an answer at the same time, in one invocation',
  },
  KM_MAX_LINE_BYTES: {
    unit: 'bytes',
    default: 262_144,
    min: 1024,
    max: 1_048_576,
    why: 'bounds memory; a longer line is rejected and the lines after it are read',
  },
  KM_MAX_LINES_PER_SECOND: {
    unit: 'lines a second',
    default: 0,
    min: 0,
    max: 100_000,
    why: 'most lines that one invocation sends in a second, where Kissmetrics or a network asks for it; 0 for as many as it takes',
  },
  KM_SEGMENT_BYTES: {
    unit: 'bytes',
    default: 67_108_864,
    min: 65_536,
    max: 5_368_709_120,
    why: 'a larger drop that is not compressed is cut into segments of this size, which are imported side by side',
  },
  KM_CHECKPOINT_SECONDS: {
    unit: 'seconds',
    default: 5,
    min: 1,
    max: 60,
    why: 'most time between two checkpoints; who takes over after a crash waits for three times as long',
  },
  KM_DEADLINE_MARGIN_SECONDS: {
    unit: 'seconds',
    default: 60,
    min: 1,
    max: 600,
    why: 'so long before its time runs out an invocation stops reading, lets what is on its way end, and hands the rest on',
  },
} as const satisfies Record<string, NumberSetting>

export type NumberSettingName = keyof typeof NUMBER_SETTINGS

/** Names of the settings that are text. */
export const TEXT_SETTINGS = {
  /** Where the commands go: an https origin (http on loopback only). */
  endpoint: 'KM_ENDPOINT',
  /** ARN of the Secrets Manager secret that holds the API key. */
  apiKeySecret: 'KM_API_KEY_SECRET',
  /** The API key itself: outside AWS only, the stack never sets it. */
  apiKey: 'KM_API_KEY',
  deadLetterQueueUrl: 'KM_DEAD_LETTER_QUEUE_URL',
  importQueueUrl: 'KM_IMPORT_QUEUE_URL',
  /** The bucket that is searched for drops that no event was heard of. */
  bucket: 'KM_BUCKET',
} as const

/** Kissmetrics, "API specifications": the current host of the tracking API. */
export const KISSMETRICS_ENDPOINT = 'https://trk.kissmetrics.io'

export type Env = Readonly<Record<string, string | undefined>>

export interface ImporterSettings {
  readonly endpoint: URL
  readonly apiKey: { readonly secretArn: string } | { readonly value: string }
  readonly deadLetterQueueUrl: string
  readonly importQueueUrl: string
  readonly bucket: string
  readonly limits: Limits
}

/** The knobs, read. */
export interface Limits {
  readonly maxInFlight: number
  readonly maxLineBytes: number
  /** 0: as many as the endpoint takes. */
  readonly maxLinesPerSecond: number
  readonly segmentBytes: number
  readonly checkpointMs: number
  readonly deadlineMarginMs: number
}

/** @throws SetupError naming the first setting that is missing or out of its range. */
export function readImporterSettings(env: Env): ImporterSettings {
  return {
    endpoint: parseEndpoint(env[TEXT_SETTINGS.endpoint] ?? KISSMETRICS_ENDPOINT, TEXT_SETTINGS.endpoint),
    apiKey: readApiKey(env),
    deadLetterQueueUrl: readRequired(TEXT_SETTINGS.deadLetterQueueUrl, env),
    importQueueUrl: readRequired(TEXT_SETTINGS.importQueueUrl, env),
    bucket: readRequired(TEXT_SETTINGS.bucket, env),
    limits: {
      maxInFlight: readNumberSetting('KM_MAX_IN_FLIGHT', env),
      maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', env),
      maxLinesPerSecond: readNumberSetting('KM_MAX_LINES_PER_SECOND', env),
      segmentBytes: readNumberSetting('KM_SEGMENT_BYTES', env),
      checkpointMs: readNumberSetting('KM_CHECKPOINT_SECONDS', env) * 1000,
      deadlineMarginMs: readNumberSetting('KM_DEADLINE_MARGIN_SECONDS', env) * 1000,
    },
  }
}

/** @throws SetupError that names the knob, what it holds and what it may hold. */
export function readNumberSetting(name: NumberSettingName, env: Env): number {
  const { unit, min, max, default: usual } = NUMBER_SETTINGS[name]
  const text = env[name]
  if (text === undefined || text === '') return usual
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SetupError(
    `${name} is "${text}": expected a whole number of ${unit} from ${min} to ${max}. Leave it out to use ${usual}.`,
  )
}

/**
 * Where commands may be sent: https to any named host, http to this computer only, since the key travels in the query.
 *
 * @param text what the person wrote
 * @param name of the setting or flag it came from, for the message
 * @throws SetupError
 */
export function parseEndpoint(text: string, name: string): URL {
  const expected = `expected an address such as ${KISSMETRICS_ENDPOINT}`
  if (!URL.canParse(text)) throw new SetupError(`${name} is "${text}": ${expected}.`)
  const url = new URL(text)
  // The address itself could hold a password, so it is not repeated.
  if (url.username !== '' || url.password !== '')
    throw new SetupError(`${name} holds a user name or password: ${expected}, without them.`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new SetupError(`${name} is "${text}": ${expected}, with nothing after the host. Take the rest away.`)
  }
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new SetupError(`${name} is "${text}": ${expected}. Only https is allowed, since each request carries the API key.`)
  }
  // An address in numbers is never Kissmetrics; it is how a mistake or an attacker reaches a network's inside.
  if (!isLoopback && (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('['))) {
    throw new SetupError(`${name} is "${text}": ${expected}, with a host name and not a number.`)
  }
  return url
}

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]'])

function readApiKey(env: Env): ImporterSettings['apiKey'] {
  const secretArn = env[TEXT_SETTINGS.apiKeySecret]
  if (secretArn !== undefined && secretArn !== '') return { secretArn }
  const value = env[TEXT_SETTINGS.apiKey]?.trim()
  if (value !== undefined && value !== '') return { value }
  throw new SetupError(
    `No API key: neither ${TEXT_SETTINGS.apiKeySecret} (the ARN of a secret) nor ${TEXT_SETTINGS.apiKey} is set. Set one; nothing was sent.`,
  )
}

function readRequired(name: string, env: Env): string {
  const value = env[name]
  if (value === undefined || value === '') throw new SetupError(`${name} is not set: the stack sets it. Deploy again.`)
  return value
}
