import type { HoldSettings } from '../settings/hold.ts'
import type { Hold } from './hold-rules.ts'
import { median } from './median.ts'
import type { SurveyPart } from './part.ts'
import { linesOf, type Profile } from './profile.ts'
import { count, counted, dateOf } from './shown.ts'

/** Earlier files that are needed to say which volume is usual. They have to cover a week, since a weekend is unlike the other days. */
const MIN_FILES = 5
const MIN_DAYS = 7

/** A volume or a time that is far from those of the earlier files. */
export function findUnusualLines(survey: SurveyPart, profile: Profile, settings: HoldSettings): readonly Hold[] {
  const { files, days } = profile
  const covered = (days.at(-1)?.day ?? 0) - (days[0]?.day ?? 0) + 1
  if (files.length < MIN_FILES || covered < MIN_DAYS) return []
  return [...findVolume(survey, profile, settings), ...findOlder(survey, profile, settings)]
}

/** A prefix that has quiet nights and full exports is only held for files that go beyond these, too. */
const BEYOND_FACTOR = 2

function findVolume(survey: SurveyPart, { files, days }: Profile, { volumeFactor }: HoldSettings): readonly Hold[] {
  const lines = linesOf(survey)
  const usual = median(files.map((file) => file.lines))
  const least = Math.min(...days.map((day) => day.least))
  const most = Math.max(...days.map((day) => day.most))
  const isMore = lines > usual * volumeFactor && lines > most * BEYOND_FACTOR
  const isLess = lines * volumeFactor < usual && lines * BEYOND_FACTOR < least
  if (volumeFactor === 0 || (!isMore && !isLess)) return []
  return [
    {
      rule: 'unusual_volume',
      detail: `The file has ${counted(lines, 'line')}. Earlier files under this prefix had ${count(least)} to ${count(most)}, usually about ${count(Math.round(usual))}.`,
    },
  ]
}

function findOlder(survey: SurveyPart, { days }: Profile, { olderDays }: HoldSettings): readonly Hold[] {
  const earliest = Math.min(...days.map(({ firstDay = Infinity }) => firstDay))
  const limit = earliest - olderDays
  const older = survey.days.filter(([day]) => day < limit)
  const lines = sumOf(older)
  const [oldest] = older
  // One in a hundred can be an exception, as in `usualFirstDay`.
  if (olderDays === 0 || oldest === undefined || lines * 100 <= sumOf(survey.days)) return []
  return [
    {
      rule: 'older_lines',
      detail: `${counted(lines, 'line is', 'lines are')} from before ${dateOf(limit)}, the oldest from ${dateOf(oldest[0])}. Those of earlier files under this prefix are from ${dateOf(earliest)} or later.`,
    },
  ]
}

function sumOf(days: SurveyPart['days']): number {
  return days.reduce((sum, [, lines]) => sum + lines, 0)
}
