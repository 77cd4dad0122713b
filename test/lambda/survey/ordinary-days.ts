import type { NameUse, SurveyPart } from '../../../lambda/survey/part.ts'
import { surveyOf, alias, TIME } from './surveyed.ts'

const FIRST_DAY = Math.floor(TIME / 86_400)

/** People who log in with some devices, a few of them with many. */
const ALIASES = surveyOf([
  ...Array.from({ length: 300 }, (_, index) => alias(`p${index % 150}`, `c${index}`)),
  ...Array.from({ length: 9 }, (_, index) => alias('busy', `d${index}`)),
]).aliases

/** A name, and its share of the lines. */
interface Name {
  readonly name: string
  readonly share: number
  /** The share of its values that are numbers. */
  readonly numbers: number
}

/**
 * The surveys of a month of ordinary files: at weekends a fifth of the lines, at the month's end double, 1 % rejected, a new name now and
 * then, some late lines.
 *
 * The surveys are made directly, because files of so many lines would take hours.
 *
 * @param chance gives numbers from 0 to 1
 */
export function* ordinaryDays(chance: () => number): Generator<SurveyPart> {
  const between = (from: number, to: number): number => from + (to - from) * chance()
  const base = 10 ** between(3, 6)
  const newName = (kind: string, share: number): Name => ({
    name: `${kind}${names++}`,
    share,
    numbers: [0, 0, 1, 1, 0.5][Math.floor(chance() * 5)] ?? 0,
  })
  let names = 0
  const events = Array.from({ length: Math.floor(between(3, 60)) }, (_, index) => newName('Event ', 1 / (index + 1) ** 1.5))
  const properties = Array.from({ length: Math.floor(between(0, 80)) }, (_, index) => newName('property ', 1 / (index + 1)))
  const latest = Math.floor(between(1, 60))
  for (let day = 0; day < 30; day += 1) {
    if (chance() < 0.1) events.push(newName('Event ', 0.01))
    if (chance() < 0.1) properties.push(newName('property ', 0.05))
    const weekend = day % 7 >= 5 ? 0.2 : 1
    const lines = Math.floor(base * weekend * (day === 29 ? 2 : 1) * between(0.6, 1.4))
    const rejected = Math.floor(lines * 0.01 * between(0, 2))
    const late = Math.floor(lines * 0.02 * chance())
    yield {
      ...surveyOf([]),
      lines: { valid: lines - rejected, rejected, blank: 0 },
      rejections: rejected === 0 ? [] : [{ reason: 'timestamp_in_milliseconds', lines: rejected, first: 1 }],
      days: [
        [FIRST_DAY + day - Math.floor(chance() * latest) - 1, late] as const,
        [FIRST_DAY + day, lines - rejected - late] as const,
      ].filter(([, count]) => count > 0),
      events: { list: usesOf(events, lines - rejected, chance), unlisted: 0 },
      properties: { list: usesOf(properties, lines - rejected, chance), unlisted: 0 },
      aliases: ALIASES,
    }
  }
}

/** Rare names are missing on some days. */
function usesOf(names: readonly Name[], lines: number, chance: () => number): readonly NameUse[] {
  return names.flatMap(({ name, share, numbers }) => {
    const uses = Math.floor(lines * share * 0.5 * (0.5 + chance()) + chance())
    return uses === 0 ? [] : [{ name, uses, numbers: Math.round(uses * numbers), first: 1 }]
  })
}
