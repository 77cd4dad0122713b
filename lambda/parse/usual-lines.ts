import type { WarningCode } from '../reasons.ts'
import type { Property } from './command.ts'
import type { JsonObject } from './layout.ts'
import { canBeKept, isFormatName, isSameList, KEPT_LISTS, slotOf } from './names.ts'
import { NO_PROPERTIES, NO_WARNINGS, warningFor, type Properties } from './properties.ts'

/** What a line consists of: the values as JSON.parse returns them, and the properties as they are sent. */
export interface UsualLine extends Properties {
  readonly person: unknown
  readonly time: unknown
  /** Undefined if the line has none. */
  readonly event: unknown
  readonly other: unknown
}

type Part = '_p' | '_t' | '_n' | '_p2' | 'property' | 'skipped'

/** A name after those of its parents. Lists of names that begin alike share their first members. */
interface Member {
  readonly name: string
  readonly part: Part
  readonly warning: WarningCode | undefined
  /** The groups of the pattern that capture its text, and any other value. 0 if it had no value of this kind. */
  text: number
  other: number
  /** The event of the last line: most lines with the same names have the same one. */
  event: string | undefined
  readonly next: Member[]
  /** Whether a line may end here. */
  isLast: boolean
}

/** A list has to occur this often before the pattern includes it: V8 takes a tenth of a millisecond to compile the pattern. */
const MIN_USES = 16
const MAX_MEMBERS = 128
/** When there is no room for more members, this many lines must have been unknown before all are forgotten. */
const MAX_UNKNOWN = 20_000
/** Above this length JSON.parse is faster, because it reads long texts in larger steps. No value of a shorter line is too long. */
const MAX_CHARACTERS = 1_500
/** JavaScript keeps every number with up to 15 digits, and writes one like those of OTHER as the line does. */
const MAX_NUMBER_CHARACTERS = 15
const MAX_EVENTS = 1_000
/** The group of a kind of value that was learned, until the pattern is written. */
const UNNUMBERED = -1

/** A text without escapes, control characters and surrogates. It is captured without its quotes, so it need not be copied. */
const TEXT = String.raw`"([^"\\\x00-\x1f\ud800-\udfff]*)"`
/** A number without an exponent and without a zero at its end; or a word. */
const OTHER = String.raw`(-?(?:0|[1-9]\d{0,14})(?:\.\d{0,5}[1-9])?|true|false|null)`
const NOT_WRITTEN_PLAINLY = /["\\\p{Cc}\p{Cs}]/u
const SYNTAX = /[\\^$.*+?()[\]{}|]/g

const ZERO = 0x30
const NINE = 0x39

/**
 * Reads lines that have the names of earlier lines, in the same order: almost all lines of a file.
 *
 * One regular expression describes them. It finds their values, and proves that nothing else is in the line: no escape, no name twice, no
 * number that JavaScript would change. For a line of 110 bytes it takes 0.35 µs, JSON.parse 0.85 µs, and to examine what that returns
 * 1.5 µs. All other lines are left to the caller, who gets the same result for every line, so it does not matter which names are known.
 *
 * Memory: 128 names and 1,000 events, because a file can have others in each line.
 */
export class UsualLines {
  readonly #lists = new Array<readonly string[] | undefined>(KEPT_LISTS).fill(undefined)
  readonly #uses = new Uint32Array(KEPT_LISTS)
  readonly #events = new Map<string, string>()
  #first: Member[] = []
  #members = 0
  #unknown = 0
  #pattern: RegExp | undefined

  /** @returns undefined if the line has to be examined */
  read(text: string): UsualLine | undefined {
    if (this.#pattern === undefined || text.length > MAX_CHARACTERS) return undefined
    const match = this.#pattern.exec(text)
    return match === null ? undefined : this.#lineOf(match)
  }

  /**
   * @param names of a line that can be sent, in the order of the line, of which `read` knows nothing
   * @param values of these names
   */
  learn(names: readonly string[], values: JsonObject): void {
    this.#unknown += 1
    if (this.#countUse(names) % MIN_USES !== 0 || !canBeKept(names) || names.some((name) => NOT_WRITTEN_PLAINLY.test(name)))
      return
    if (this.#members + names.length > MAX_MEMBERS) {
      if (this.#unknown < MAX_UNKNOWN) return
      this.#first = []
      this.#members = 0
    }
    if (!this.#add(names, values)) return
    this.#unknown = 0
    this.#pattern = new RegExp(String.raw`^\{${patternOf(this.#first, { count: 0 })}`)
  }

  #countUse(names: readonly string[]): number {
    const slot = slotOf(names)
    if (!isSameList(this.#lists[slot], names)) {
      this.#lists[slot] = names
      this.#uses[slot] = 0
    }
    const uses = (this.#uses[slot] ?? 0) + 1
    this.#uses[slot] = uses
    return uses
  }

  /** @returns whether anything about them is new */
  #add(names: readonly string[], values: JsonObject): boolean {
    let siblings = this.#first
    let isNew = false
    for (const [index, name] of names.entries()) {
      let member = siblings.find((sibling) => sibling.name === name)
      if (member === undefined) {
        member = { name, ...partOf(name), text: 0, other: 0, event: undefined, next: [], isLast: false }
        siblings.push(member)
        this.#members += 1
      }
      const kind = typeof values[name] === 'string' ? 'text' : 'other'
      const isLast = index === names.length - 1
      isNew ||= member[kind] === 0 || (isLast && !member.isLast)
      if (member[kind] === 0) member[kind] = UNNUMBERED
      if (isLast) member.isLast = true
      siblings = member.next
    }
    return isNew
  }

  #lineOf(match: RegExpExecArray): UsualLine | undefined {
    let person: unknown
    let time: unknown
    let event: unknown
    let alias: unknown
    let properties: Property[] | undefined
    let warnings: WarningCode[] | undefined
    for (let member = matched(this.#first, match); member !== undefined; member = matched(member.next, match)) {
      const text = textOf(member, match)
      const other = text === undefined ? match[member.other] : undefined
      if (other !== undefined && !isExact(other)) return undefined
      if (member.warning !== undefined) (warnings ??= []).push(member.warning)
      switch (member.part) {
        case '_p':
          person = text ?? valueOf(other)
          break
        case '_t':
          time = text ?? valueOf(other)
          break
        case '_n':
          event = text === undefined ? valueOf(other) : this.#eventOf(text, member)
          break
        case '_p2':
          alias = text ?? valueOf(other)
          break
        case 'property':
          if (text === '' || other === 'null') (warnings ??= []).push('empty_property')
          else (properties ??= []).push([member.name, text ?? other ?? ''])
          break
        case 'skipped':
      }
    }
    return { person, time, event, other: alias, properties: properties ?? NO_PROPERTIES, warnings: warnings ?? NO_WARNINGS }
  }

  /** A copy, because surveys keep the names of events, and V8 keeps the whole line in memory for as long as a part of it is used. */
  #eventOf(text: string, member: Member): string {
    if (text === member.event) return member.event // 20 ns; to look it up takes 60
    const known = this.#events.get(text) ?? this.#keepEvent(text)
    member.event = known
    return known
  }

  #keepEvent(text: string): string {
    if (this.#events.size === MAX_EVENTS) this.#events.clear()
    const copy = JSON.parse(`"${text}"`) as string // a text without escapes
    this.#events.set(copy, copy)
    return copy
  }
}

function partOf(name: string): { readonly part: Part; readonly warning: WarningCode | undefined } {
  const warning = isFormatName(name) ? undefined : warningFor(name)
  if (name === '_p' || name === '_t' || name === '_n' || name === '_p2') return { part: name, warning }
  return { part: warning === 'export_column' ? 'skipped' : 'property', warning }
}

/** Numbers the groups in the order of the pattern. */
function patternOf(siblings: readonly Member[], groups: { count: number }, isFirst = true): string {
  const alternatives = siblings.map((member) => {
    const value: string[] = []
    if (member.text !== 0) {
      member.text = groups.count += 1
      value.push(TEXT)
    }
    if (member.other !== 0) {
      member.other = groups.count += 1
      value.push(OTHER)
    }
    const end = member.isLast ? [String.raw`\}$`] : []
    const rest = member.next.length > 0 ? [patternOf(member.next, groups, false)] : []
    return `${isFirst ? '' : ', ?'}"${member.name.replace(SYNTAX, String.raw`\$&`)}": ?(?:${value.join('|')})(?:${[...rest, ...end].join('|')})`
  })
  return alternatives.length === 1 ? (alternatives[0] ?? '') : `(?:${alternatives.join('|')})`
}

/** The one of them that is in the line. */
function matched(siblings: readonly Member[], match: RegExpExecArray): Member | undefined {
  for (const member of siblings)
    if (textOf(member, match) !== undefined || (member.other !== 0 && match[member.other] !== undefined)) return member
  return undefined
}

function textOf({ text }: Member, match: RegExpExecArray): string | undefined {
  return text === 0 ? undefined : match[text]
}

/** Whether JavaScript keeps a number exactly as it is written. Words are kept, too. */
function isExact(written: string): boolean {
  return written.length <= MAX_NUMBER_CHARACTERS && written !== '-0'
}

/** @param written a number or a word */
function valueOf(written = 'null'): unknown {
  let number = 0
  for (let at = 0; at < written.length; at += 1) {
    const code = written.charCodeAt(at)
    if (code < ZERO || code > NINE) return JSON.parse(written)
    number = number * 10 + (code - ZERO) // exact up to 15 digits, and four times as fast as JSON.parse
  }
  return number
}
