import { readNumberSetting, type Env } from './numbers.ts'

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
