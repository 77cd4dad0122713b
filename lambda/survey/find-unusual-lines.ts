import type { HoldSettings } from '../settings.ts'
import type { Hold } from './hold-rules.ts'
import { median } from './median.ts'
import type { SurveyPart } from './part.ts'
import { linesOf, type Profile } from './profile.ts'
import { count, counted, dateOf } from './shown.ts'

/** A volume or a time that is far from those of the earlier files. */
export function findUnusualLines(survey: SurveyPart, profile: Profile, settings: HoldSettings): readonly Hold[] {
  return [...findVolume(survey, profile, settings), ...findOlder(survey, profile, settings)]
}

/** A prefix that has quiet days and full exports is only held for files that go beyond these, too. */
const BEYOND_FACTOR = 2

function findVolume(survey: SurveyPart, { files }: Profile, { volumeFactor }: HoldSettings): readonly Hold[] {
  const lines = linesOf(survey)
  const earlier = files.map((file) => file.lines)
  const [usual, least, most] = [median(earlier), Math.min(...earlier), Math.max(...earlier)]
  const isMore = lines > usual * volumeFactor && lines > most * BEYOND_FACTOR
  const isLess = lines * volumeFactor < usual && lines * BEYOND_FACTOR < least
  if (volumeFactor === 0 || (!isMore && !isLess)) return []
  return [
    {
      rule: 'unusual_volume',
      detail: `The file has ${counted(lines, 'line')}. The last ${count(files.length)} files under this prefix had ${count(least)} to ${count(most)}, usually about ${count(Math.round(usual))}.`,
    },
  ]
}

function findOlder({ days }: SurveyPart, { files }: Profile, { olderDays }: HoldSettings): readonly Hold[] {
  const earliest = Math.min(...files.map(({ firstDay = Infinity }) => firstDay))
  const limit = earliest - olderDays
  const older = days.filter(([day]) => day < limit)
  const lines = sumOf(older)
  const [oldest] = older
  // One in a hundred can be an exception, as in `usualFirstDay`.
  if (olderDays === 0 || oldest === undefined || lines * 100 <= sumOf(days)) return []
  return [
    {
      rule: 'older_lines',
      detail: `${counted(lines, 'line is', 'lines are')} from before ${dateOf(limit)}, the oldest from ${dateOf(oldest[0])}. The last ${count(files.length)} files under this prefix began on ${dateOf(earliest)}.`,
    },
  ]
}

function sumOf(days: SurveyPart['days']): number {
  return days.reduce((sum, [, lines]) => sum + lines, 0)
}
