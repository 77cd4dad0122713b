import { SetupError } from './errors.ts'
import { INCOMING_PREFIX } from './keys.ts'

export interface NumberSetting {
  readonly unit: string
  readonly default: number
  readonly min: number
  readonly max: number
  readonly why: string
}

/** The settings that are numbers: the closed list. The properties of the stack, the CLI and docs/configuration.md have the same ones. */
export const NUMBER_SETTINGS = {
  KM_MAX_IN_FLIGHT: {
    unit: 'requests',
    default: 128,
    min: 1,
    max: 512,
    why: 'the maximum number of requests in flight, in one invocation',
  },
  KM_MAX_LINE_BYTES: {
    unit: 'bytes',
    default: 262_144,
    min: 1024,
    max: 1_048_576,
    why: 'limits memory; a longer line is rejected, and the lines after it are imported',
  },
  KM_MAX_LINES_PER_SECOND: {
    unit: 'lines a second',
    default: 0,
    min: 0,
    max: 100_000,
    why: 'the maximum rate of one invocation, if Kissmetrics or a network requires one; 0 for no limit',
  },
  KM_SEGMENT_BYTES: {
    unit: 'bytes',
    default: 67_108_864,
    min: 65_536,
    max: 5_368_709_120,
    why: 'a larger file is split into segments of this size, which are imported in parallel; a compressed file is never split',
  },
  KM_CHECKPOINT_SECONDS: {
    unit: 'seconds',
    default: 5,
    min: 1,
    max: 60,
    why: 'the maximum time between two checkpoints; after a crash, the import continues after three times this long',
  },
  KM_DEADLINE_MARGIN_SECONDS: {
    unit: 'seconds',
    default: 60,
    min: 1,
    max: 600,
    why: 'how long before its time limit an invocation stops reading, finishes the requests in flight and requeues the rest',
  },
  KM_HOLD_ALIASES: {
    unit: 'identities',
    default: 10,
    min: 0,
    max: 1_000_000,
    why: 'holds a file that would merge more than this many other identities into one person, or merge a person with a placeholder; 0 to hold none',
  },
  KM_HOLD_REJECTED_PERCENT: {
    unit: 'percent',
    default: 20,
    min: 0,
    max: 99,
    why: 'holds a file with more rejected lines than this; 0 to hold none',
  },
  KM_HOLD_SAME_REASON_LINES: {
    unit: 'lines',
    default: 10_000,
    min: 0,
    max: 1_000_000_000,
    why: 'holds a file with more lines than this rejected for the same reason, if they are also more than 2 % of the file or a hundred times as many; 0 to hold none',
  },
  KM_HOLD_NEW_NAMES: {
    unit: 'names',
    default: 20,
    min: 0,
    max: 5_000,
    why: 'holds a file with more event and property names than this that earlier files did not have; 0 to hold none',
  },
  KM_HOLD_SIMILAR_NAMES: {
    unit: 'names',
    default: 1,
    min: 0,
    max: 5_000,
    why: 'holds a file with at least this many new names that differ from a known one only in spaces, punctuation or accents; 0 to hold none',
  },
  KM_HOLD_TYPE_PERCENT: {
    unit: 'percent',
    default: 50,
    min: 0,
    max: 99,
    why: 'holds a file in which more than this share of the values of a property are text where all were numbers, or the other way round; 0 to hold none',
  },
  KM_HOLD_VOLUME_FACTOR: {
    unit: 'times',
    default: 10,
    min: 0,
    max: 10_000,
    why: 'holds a file with this many times more or fewer lines than the median of the last files; 0 to hold none',
  },
  KM_HOLD_OLDER_DAYS: {
    unit: 'days',
    default: 365,
    min: 0,
    max: 10_000,
    why: 'holds a file with lines that are this much older than those of all earlier files; 0 to hold none',
  },
} as const satisfies Record<string, NumberSetting>

export type NumberSettingName = keyof typeof NUMBER_SETTINGS

/** The names of the settings that are text. */
export const TEXT_SETTINGS = {
  /** The Kissmetrics endpoint: an https origin (http on loopback only). */
  endpoint: 'KM_ENDPOINT',
  /** ARN of the Secrets Manager secret that holds the API key. */
  apiKeySecret: 'KM_API_KEY_SECRET',
  /** The API key itself. For use outside AWS: the stack never sets it. */
  apiKey: 'KM_API_KEY',
  deadLetterQueueUrl: 'KM_DEAD_LETTER_QUEUE_URL',
  importQueueUrl: 'KM_IMPORT_QUEUE_URL',
  /** The bucket of the importer: files under `incoming/`, reports, checkpoints, archived dead letters. */
  bucket: 'KM_BUCKET',
  /** Where files are uploaded to: `s3://BUCKET/PREFIX`, separated by commas. Without it, `incoming/` in the bucket of the importer. */
  sources: 'KM_SOURCES',
  /** ARN of an SNS topic that answers about files are published to. */
  answerTopic: 'KM_ANSWER_TOPIC',
  /** https address that answers about files are posted to (http on loopback only). */
  answerWebhook: 'KM_ANSWER_WEBHOOK',
  /** ARN of the Secrets Manager secret with the key that answers to the webhook are signed with. */
  answerSigningSecret: 'KM_ANSWER_SIGNING_SECRET',
  /** That key itself. For use outside AWS: the stack never sets it. */
  answerSigningKey: 'KM_ANSWER_SIGNING_KEY',
  /** Address in each answer, with `{bucket}`, `{key}` and `{report}`. */
  answerLink: 'KM_ANSWER_LINK',
  /** Name of the stack, for the commands in answers. */
  stack: 'KM_STACK',
} as const

/** Kissmetrics, "API specifications": the current host of the tracking API. */
export const KISSMETRICS_ENDPOINT = 'https://trk.kissmetrics.io'

/** Whether a key has the 40 hex digits of a Kissmetrics API key. Another one is worth a warning: it may be the key of something else. */
export function isUsualKey(key: string): boolean {
  return /^[0-9a-f]{40}$/i.test(key)
}

/** A place that files are uploaded to. */
export interface Place {
  readonly bucket: string
  /** '' for the whole bucket. */
  readonly prefix: string
}

/**
 * Parses a list of places, `s3://BUCKET/PREFIX,…`.
 *
 * @param text undefined for `incoming/` in the bucket of the importer
 * @throws SetupError
 */
export function parsePlaces(text: string | undefined, ownBucket: string): readonly Place[] {
  if (text === undefined || text === '') return [{ bucket: ownBucket, prefix: INCOMING_PREFIX }]
  return text.split(',').map((uri) => {
    const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? []
    if (bucket === undefined)
      throw new SetupError(
        `${TEXT_SETTINGS.sources} contains "${uri}": expected s3://BUCKET/PREFIX. The stack sets it: deploy again.`,
      )
    return { bucket, prefix }
  })
}

export type Env = Readonly<Record<string, string | undefined>>

export interface ImporterSettings {
  readonly endpoint: URL
  readonly apiKey: SecretSetting
  readonly deadLetterQueueUrl: string
  readonly importQueueUrl: string
  readonly bucket: string
  /** Where files are uploaded to. */
  readonly places: readonly Place[]
  readonly limits: Limits
  /** Absent if answers about files are pushed nowhere. */
  readonly answers?: AnswerSettings
}

/** A secret: where it is stored, or its value. */
export type SecretSetting = { readonly secretArn: string } | { readonly value: string }

/** Where answers about files are pushed, and what they name. */
export interface AnswerSettings {
  readonly topicArn?: string
  readonly webhook?: URL
  /** Signs what the webhook receives. */
  readonly signingKey?: SecretSetting
  readonly link?: string
  readonly stack?: string
}

/** The values of NUMBER_SETTINGS. */
export interface Limits {
  readonly maxInFlight: number
  readonly maxLineBytes: number
  /** 0: no limit. */
  readonly maxLinesPerSecond: number
  readonly segmentBytes: number
  readonly checkpointMs: number
  readonly deadlineMarginMs: number
  readonly hold: HoldSettings
}

/** When a file waits for a decision before its first line is sent. A rule that is 0 is off. */
export interface HoldSettings {
  readonly aliases: number
  readonly rejectedPercent: number
  readonly sameReasonLines: number
  readonly newNames: number
  readonly similarNames: number
  readonly typePercent: number
  readonly volumeFactor: number
  readonly olderDays: number
}

/** @throws SetupError naming the first setting that is missing or out of range */
export function readImporterSettings(env: Env): ImporterSettings {
  const bucket = readRequired(TEXT_SETTINGS.bucket, env)
  const answers = readAnswerSettings(env)
  return {
    endpoint: parseEndpoint(env[TEXT_SETTINGS.endpoint] ?? KISSMETRICS_ENDPOINT, TEXT_SETTINGS.endpoint),
    apiKey: readApiKey(env),
    deadLetterQueueUrl: readRequired(TEXT_SETTINGS.deadLetterQueueUrl, env),
    importQueueUrl: readRequired(TEXT_SETTINGS.importQueueUrl, env),
    bucket,
    places: parsePlaces(env[TEXT_SETTINGS.sources], bucket),
    ...(answers !== undefined && { answers }),
    limits: {
      maxInFlight: readNumberSetting('KM_MAX_IN_FLIGHT', env),
      maxLineBytes: readNumberSetting('KM_MAX_LINE_BYTES', env),
      maxLinesPerSecond: readNumberSetting('KM_MAX_LINES_PER_SECOND', env),
      segmentBytes: readNumberSetting('KM_SEGMENT_BYTES', env),
      checkpointMs: readNumberSetting('KM_CHECKPOINT_SECONDS', env) * 1000,
      deadlineMarginMs: readNumberSetting('KM_DEADLINE_MARGIN_SECONDS', env) * 1000,
      hold: readHoldSettings(env),
    },
  }
}

/** @throws SetupError naming the first setting that is out of range */
export function readHoldSettings(env: Env): HoldSettings {
  return {
    aliases: readNumberSetting('KM_HOLD_ALIASES', env),
    rejectedPercent: readNumberSetting('KM_HOLD_REJECTED_PERCENT', env),
    sameReasonLines: readNumberSetting('KM_HOLD_SAME_REASON_LINES', env),
    newNames: readNumberSetting('KM_HOLD_NEW_NAMES', env),
    similarNames: readNumberSetting('KM_HOLD_SIMILAR_NAMES', env),
    typePercent: readNumberSetting('KM_HOLD_TYPE_PERCENT', env),
    volumeFactor: readNumberSetting('KM_HOLD_VOLUME_FACTOR', env),
    olderDays: readNumberSetting('KM_HOLD_OLDER_DAYS', env),
  }
}

/** All rules off: no file is surveyed. */
export const HOLD_NOTHING: HoldSettings = {
  aliases: 0,
  rejectedPercent: 0,
  sameReasonLines: 0,
  newNames: 0,
  similarNames: 0,
  typePercent: 0,
  volumeFactor: 0,
  olderDays: 0,
}

/** @throws SetupError naming the setting, its value and the allowed values */
export function readNumberSetting(name: NumberSettingName, env: Env): number {
  const { unit, min, max, default: defaultValue } = NUMBER_SETTINGS[name]
  const text = env[name]
  if (text === undefined || text === '') return defaultValue
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SetupError(
    `${name} is "${text}": expected a whole number of ${unit} from ${min} to ${max}. Leave it out to use ${defaultValue}.`,
  )
}

/**
 * Parses the address of an endpoint: https to any named host, or http to this computer, since the API key is in the query.
 *
 * @param text what the user wrote
 * @param name of the setting or flag, for the message
 * @throws SetupError
 */
export function parseEndpoint(text: string, name: string): URL {
  const expected = `expected an address like ${KISSMETRICS_ENDPOINT}`
  if (!URL.canParse(text)) throw new SetupError(`${name} is ${shown(text)}: ${expected}.`)
  const url = new URL(text)
  // The message must not repeat the password.
  if (url.username !== '' || url.password !== '')
    throw new SetupError(`${name} holds a user name or password: ${expected}, without them.`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with nothing after the host. Remove the rest.`)
  }
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new SetupError(
      `${name} is ${shown(text)}: ${expected}. Only https is allowed, because each request contains the API key.`,
    )
  }
  // An IP address is never Kissmetrics. It is how a mistake or an attacker reaches an internal network.
  if (!isLoopback && (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('['))) {
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with a host name instead of an IP address.`)
  }
  return url
}

/** A message quotes what the user wrote, but never what could be a key, like a query or 20 letters and digits in a row. */
export function shown(text: string): string {
  return /[?#@=&]|[\da-z]{20}/i.test(text) ? 'not shown here, because it may contain a key' : `"${text}"`
}

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** @returns undefined if answers are pushed nowhere @throws SetupError naming the first setting that is wrong */
export function readAnswerSettings(env: Env): AnswerSettings | undefined {
  const read = (name: string) => (env[name] === '' ? undefined : env[name])
  const topicArn = read(TEXT_SETTINGS.answerTopic)
  const webhook = read(TEXT_SETTINGS.answerWebhook)
  const link = read(TEXT_SETTINGS.answerLink)
  const stack = read(TEXT_SETTINGS.stack)
  if (topicArn !== undefined && !TOPIC_ARN.test(topicArn))
    throw new SetupError(`${TEXT_SETTINGS.answerTopic} is ${shown(topicArn)}: expected the ARN of an SNS topic.`)
  if (topicArn === undefined && webhook === undefined) return undefined
  const secretArn = read(TEXT_SETTINGS.answerSigningSecret)
  const value = read(TEXT_SETTINGS.answerSigningKey)
  return {
    ...(topicArn !== undefined && { topicArn }),
    ...(webhook !== undefined && { webhook: parseWebAddress(webhook, TEXT_SETTINGS.answerWebhook) }),
    ...(secretArn !== undefined ? { signingKey: { secretArn } } : value !== undefined && { signingKey: { value } }),
    ...(link !== undefined && { link: parseLink(link, TEXT_SETTINGS.answerLink) }),
    ...(stack !== undefined && { stack }),
  }
}

const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/

/**
 * Parses an address with a path: https to any named host, or http to this computer.
 *
 * @throws SetupError
 */
export function parseWebAddress(text: string, name: string): URL {
  const expected = 'expected an address like https://example.com/answers'
  if (!URL.canParse(text)) throw new SetupError(`${name} is ${shown(text)}: ${expected}.`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new SetupError(`${name} holds a user name, a password or a #: ${expected}, without them.`)
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback))
    throw new SetupError(`${name} is ${shown(text)}: ${expected}. Only https is allowed, because answers name files.`)
  // It is how a mistake or an attacker reaches an internal network.
  if (!isLoopback && (/^[\d.]+$/.test(url.hostname) || url.hostname.startsWith('[')))
    throw new SetupError(`${name} is ${shown(text)}: ${expected}, with a host name instead of an IP address.`)
  return url
}

/** @param text can contain `{bucket}`, `{key}` and `{report}` @throws SetupError */
export function parseLink(text: string, name: string): string {
  if (/^https?:\/\/[^\s"'<>]+$/.test(text)) return text
  throw new SetupError(`${name} is ${shown(text)}: expected an address, with {bucket}, {key} or {report} where they belong.`)
}

function readApiKey(env: Env): ImporterSettings['apiKey'] {
  const secretArn = env[TEXT_SETTINGS.apiKeySecret]
  if (secretArn !== undefined && secretArn !== '') return { secretArn }
  const value = env[TEXT_SETTINGS.apiKey]?.trim()
  if (value !== undefined && value !== '') return { value }
  throw new SetupError(
    `No API key: neither ${TEXT_SETTINGS.apiKeySecret} (the ARN of a secret) nor ${TEXT_SETTINGS.apiKey} is set. Set one of them. Nothing was sent.`,
  )
}

function readRequired(name: string, env: Env): string {
  const value = env[name]
  if (value === undefined || value === '') throw new SetupError(`${name} is not set. The stack sets it: deploy again.`)
  return value
}
