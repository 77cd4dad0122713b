import { SetupError } from '../../lambda/errors.ts'
import type { Place } from '../../lambda/settings/places.ts'

const DAY_MS = 86_400_000

/** The places in which files under a prefix are. @throws SetupError if nothing is imported from there */
export function placesUnder(places: readonly Place[], prefix: string): readonly Place[] {
  const found = places.flatMap((place) => {
    if (prefix.startsWith(place.prefix)) return [{ ...place, prefix }]
    return place.prefix.startsWith(prefix) ? [place] : []
  })
  if (found.length > 0) return found
  const imported = [...new Set(places.map((place) => (place.prefix === '' ? 'any prefix' : place.prefix)))].join(', ')
  throw new SetupError(
    `--prefix is "${prefix}": files are imported from ${imported} only. Use a prefix that begins like this, or that this begins with.`,
  )
}

/** When the objects were uploaded, in milliseconds since 1970. */
export interface Period {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

/**
 * Reads `--since` and `--until`: a day, or a time in ISO 8601, in UTC unless the time says otherwise. A day is meant as a whole, also as the end.
 *
 * @throws SetupError
 */
export function readPeriod({ since, until }: { readonly since?: string; readonly until?: string }): Period {
  const from = since === undefined ? -Infinity : readMoment('--since', since).from
  const to = until === undefined ? Infinity : readMoment('--until', until).to
  if (from < to) return { from, to }
  throw new SetupError(`--since is "${since ?? ''}", and --until is "${until ?? ''}", which is earlier: swap them.`)
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/

function readMoment(name: string, text: string): Period {
  const [, date = ''] = /^(\d{4}-\d{2}-\d{2})/.exec(text) ?? []
  const day = Date.parse(date)
  // V8 takes 2026-02-30 for the second of March.
  const isDate = !Number.isNaN(day) && new Date(day).toISOString().startsWith(date)
  if (isDate && DAY.test(text)) return { from: day, to: day + DAY_MS }
  // Without an offset, JavaScript would take the time zone of this computer.
  const time = isDate && TIME.test(text) ? Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`) : NaN
  if (!Number.isNaN(time)) return { from: time, to: time + 1 }
  throw new SetupError(`${name} is "${text}": expected a day like 2026-11-01, or a time like 2026-11-01T08:30 (UTC).`)
}
