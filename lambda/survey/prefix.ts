const EXTENSIONS = /(?:\.(?:json|jsonl|ndjson|csv|gz|zst|br|zip))+$/i
/** Ids that a program writes into the names of its files: a UUID, or another long word with digits in it. */
const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9a-z])(?=[0-9a-z]*\d)[0-9a-z]{16,}(?![0-9a-z])/gi
const MONTHS =
  'january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec'
const WEEKDAYS = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun'
const DATE_WORD = new RegExp(String.raw`(?<![\p{L}])(?:${MONTHS}|${WEEKDAYS}|am|pm|utc)(?![\p{L}])`, 'giu')
/** Numbers, with the letters of a time of day (`2026-11-01T10-00Z`) and what stands between them. */
const NUMBERS = /[\s._:+()~-]*\d+(?:[tz]?[\s._:+()~-]*\d+)*z?[\s._:+()~-]*/gi

/**
 * What the names of files that belong together have in common: they differ only in dates, numbers and ids. The profile of the earlier
 * files is kept for it.
 *
 * `incoming/daily/2026-11-01.jsonl` → `incoming/daily/`, `incoming/2026/11/users-01.jsonl.gz` → `incoming/users`
 */
export function prefixOf(key: string): string {
  const name = key.replace(EXTENSIONS, '').replace(ID, '0').replace(DATE_WORD, '0')
  const parts = name.split('/').map((part) => part.replace(NUMBERS, '-').replace(/^-|-$/g, ''))
  const last = parts.pop() ?? ''
  return [...parts.filter((part) => part !== ''), last].join('/')
}
