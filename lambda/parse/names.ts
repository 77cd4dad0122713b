import { reject, type Rejection } from '../reasons.ts'
import { characterName, firstHidden, trimmed, withoutHidden } from './invisible.ts'
import type { Layout } from './layout.ts'
import { MAX_NAME_CHARACTERS, shownName } from './text.ts'

/** Names with a meaning in the file format, and `_d`, which is sent with every line. */
export function isFormatName(name: string): boolean {
  return name === '_p' || name === '_t' || name === '_n' || name === '_p2' || name === '_d'
}

/**
 * Checks the names of a line, without their values.
 *
 * A line cannot choose the product or replace what the importer itself sends; the tests of Kissmetrics' own clients demand this too
 * ("force key"). Kissmetrics ignores case in names, so `_K` is reserved too; and a name like `"_n "` was meant as the reserved name.
 *
 * Lines of a file usually have the same names, so names that were found good are remembered, and the next line with the same names costs
 * one comparison for each.
 */
export function findNameFault({ object, names }: Layout): Rejection | undefined {
  const slot = slotOf(names)
  if (isSameList(goodLists[slot], names)) return undefined
  const fault = findReserved(object, names) ?? findTwins(names)
  if (fault === undefined && canBeKept(names)) goodLists[slot] = names
  return fault
}

/** Bounded, because a file can have other names in each line. */
export const KEPT_LISTS = 64
const MAX_KEPT_NAMES = 64
const goodLists: (readonly string[] | undefined)[] = new Array<undefined>(KEPT_LISTS).fill(undefined)

/** Where a list is kept, if it is. */
export function slotOf(names: readonly string[]): number {
  return (names.length * 7 + (names.at(-1)?.length ?? 0)) & (KEPT_LISTS - 1)
}

export function isSameList(kept: readonly string[] | undefined, names: readonly string[]): boolean {
  if (kept?.length !== names.length) return false
  for (let index = 0; index < names.length; index += 1) if (kept[index] !== names[index]) return false
  return true
}

/** Whether a list can be found good without its values, which `_d` needs. */
export function canBeKept(names: readonly string[]): boolean {
  return names.length <= MAX_KEPT_NAMES && names.every((name) => name !== '_d' && name.length <= MAX_NAME_CHARACTERS)
}

/** `_d` may have its usual values: the importer always sends `_d=1`, which makes Kissmetrics use the time of the line. */
function findReserved(object: Layout['object'], names: readonly string[]): Rejection | undefined {
  for (const name of names) {
    if (name === '_d') {
      if (!isUsualD(object[name])) return reject('reserved_name', '"_d" must be 0 or 1')
    } else if (!ORDINARY.test(name) && !isFormatName(name) && isReserved(meaningOf(name)))
      return reject('reserved_name', reservedHint(name))
  }
  return undefined
}

/** Whatever is removed from such a name, it does not begin with an underscore. */
const ORDINARY = /^[A-Za-z0-9]/

function isUsualD(value: unknown): boolean {
  return value === 0 || value === 1 || value === '0' || value === '1'
}

function isReserved(name: string): boolean {
  return name === '_k' || isFormatName(name)
}

/** Longer names cannot become one of the reserved names, even with some invisible characters. */
const MAX_RESERVED_CHARACTERS = 24

/** A name without what a person does not see or does not mind: spaces, invisible characters, capitals, full-width letters. */
function meaningOf(name: string): string {
  return name.length > MAX_RESERVED_CHARACTERS ? name : withoutHidden(name.normalize('NFKC')).toLowerCase()
}

function reservedHint(name: string): string {
  const meant = meaningOf(name)
  const hidden = firstHidden(name)
  if (hidden !== undefined) return `${shownName(name)} is \`${meant}\` with an extra character, ${characterName(hidden)}`
  return name === meant ? shownName(name) : `${shownName(name)} is not \`${meant}\``
}

/**
 * Two names that Kissmetrics stores as one: it ignores case, and stores commas and colons as spaces. Only one of the values would be kept.
 *
 * @see Kissmetrics, "Technical notes"
 */
function findTwins(names: readonly string[]): Rejection | undefined {
  const known = new Map<string, string>()
  for (const name of names) {
    if (isFormatName(name)) continue
    const stored = storedName(name)
    const twin = known.get(stored)
    if (twin !== undefined)
      return reject('duplicate_name', `${shownName(twin)} and ${shownName(name)} are the same name to Kissmetrics`)
    known.set(stored, name)
  }
  return undefined
}

const PLAIN = /^[a-z0-9_]+$/

/** Names of one spelling are the same name to Kissmetrics, or to everyone who reads them. */
function storedName(name: string): string {
  if (PLAIN.test(name)) return name
  return trimmed(name.normalize('NFC').toLowerCase().replace(/[,:]/g, ' ')).replace(/\s/g, ' ')
}
