import { SetupError } from '../errors.ts'

export type Env = Readonly<Record<string, string | undefined>>

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
