import { SetupError } from '../errors.ts'
import { KISSMETRICS_ENDPOINT, parseEndpoint } from './addresses.ts'
import { readAnswerSettings, type AnswerSettings } from './answers.ts'
import { readApiKey, type SecretSetting } from './api-key.ts'
import { readHoldSettings, type HoldSettings } from './hold.ts'
import { TEXT_SETTINGS } from './names.ts'
import { readNumberSetting, type Env } from './numbers.ts'
import { parsePlaces, type Place } from './places.ts'

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

function readRequired(name: string, env: Env): string {
  const value = env[name]
  if (value === undefined || value === '') throw new SetupError(`${name} is not set. The stack sets it: deploy again.`)
  return value
}
