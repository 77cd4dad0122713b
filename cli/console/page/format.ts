import { counted } from '../../terminal/numbers.ts'

export { counted, grouped } from '../../terminal/numbers.ts'

/*
 * How the page writes numbers, times and text from outside. Pure: the current time is a parameter.
 */

/** Invisible characters, and those that change the order of the others: controls, bidi, separators, zero-width spaces. */
const HIDDEN =
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu

/** A part of a text: unchanged, or an invisible character written as its JSON escape. */
export interface VisiblePart {
  readonly text: string
  readonly isEscape: boolean
}

/**
 * Text from outside, truncated, with every invisible character made visible.
 *
 * @param max characters to show; a longer text ends with an ellipsis
 */
export function visibleParts(text: string, max = Infinity): readonly VisiblePart[] {
  const shown = text.length <= max ? text : truncated(text, max)
  const parts: VisiblePart[] = []
  let start = 0
  for (const { 0: character, index } of shown.matchAll(HIDDEN)) {
    if (index > start) parts.push({ text: shown.slice(start, index), isEscape: false })
    parts.push({ text: escaped(character), isEscape: true })
    start = index + character.length
  }
  const rest = shown.slice(start) + (shown.length < text.length ? '…' : '')
  return rest === '' ? parts : [...parts, { text: rest, isEscape: false }]
}

/** `visibleParts` as one text. */
export function visible(text: string, max?: number): string {
  return visibleParts(text, max)
    .map((part) => part.text)
    .join('')
}

/** Does not cut between the two halves of a surrogate pair. */
function truncated(text: string, length: number): string {
  return /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? text.slice(0, length - 1) : text.slice(0, length)
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }

function escaped(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** 83000 → "1 min 23 s": at most two units. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds > 0 && seconds < 0.1) return 'less than 0.1 s'
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`
  const whole = Math.round(seconds)
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return twoUnits(whole, MINUTE, 'min', 's')
  if (whole < DAY) return twoUnits(Math.round(whole / MINUTE), HOUR / MINUTE, 'h', 'min')
  return twoUnits(Math.round(whole / HOUR), DAY / HOUR, 'd', 'h')
}

function twoUnits(count: number, size: number, large: string, small: string): string {
  const rest = count % size
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** Past or future in one unit: "3 min ago", "in 9 days". */
export function relativeText(iso: string, nowMs: number): string {
  const seconds = Math.round((new Date(iso).getTime() - nowMs) / 1000)
  if (Number.isNaN(seconds)) return iso
  const span = spanText(Math.abs(seconds))
  if (span === undefined) return 'just now'
  return seconds < 0 ? `${span} ago` : `in ${span}`
}

/** The time until then, in one unit: "9 days". */
export function timeLeftText(iso: string, nowMs: number): string {
  const seconds = Math.round((new Date(iso).getTime() - nowMs) / 1000)
  if (Number.isNaN(seconds)) return iso
  return spanText(Math.max(0, seconds)) ?? 'a moment'
}

function spanText(seconds: number): string | undefined {
  if (seconds < 5) return undefined
  if (seconds < MINUTE) return `${seconds} s`
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`
  return counted(Math.floor(seconds / DAY), 'day')
}

const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** Date and time in the time zone of the browser. */
export function timeText(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : TIME.format(time)
}

/** The day of a time in UTC: "6 Mar 2014". */
export function dayText(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : DAY_FORMAT.format(time)
}

/** "25 Feb 2014 to 26 Feb 2014", or one day. */
export function periodText(first: number, last: number): string {
  const [from, to] = [dayText(first), dayText(last)]
  return from === to ? from : `${from} to ${to}`
}

const DAY_FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

const BYTE_UNITS = ['KB', 'MB', 'GB', 'TB'] as const

/** 1234567 → "1.2 MB" */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, 'byte')
  let value = bytes
  let unit = ''
  for (const next of BYTE_UNITS) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`
}

const INCOMING = 'incoming/'

/** The name of a file as users know it: its key without the upload folder. */
export function fileName(key: string): string {
  return key.startsWith(INCOMING) ? key.slice(INCOMING.length) : key
}
