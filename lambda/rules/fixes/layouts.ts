import { innerObject } from '../../parse/foreign.ts'
import { membersOf } from '../../parse/layout.ts'
import { objectsIn, unpackedObject } from '../../parse/objects.ts'
import { isObject } from '../json-object.ts'
import { edit } from './edit.ts'

/** Writes objects that follow each other, or that are in a list, on lines of their own. */
export function splitObjects(text: string): string {
  const objects = objectsIn(text)
  return objects === undefined ? text : objects.join('\n')
}

/** Writes the objects of a list in an object on lines of their own. @param name of the list; without it, the object has nothing else */
export function takeList(text: string, name: string): string {
  if (!isObject(text)) return text
  const members = [...membersOf(text)]
  const list = name === '' && members.length === 1 ? members[0] : members.find((member) => member.name === name)
  if (list === undefined) return text
  const lexeme = text.slice(list.valueStart, list.valueEnd)
  return lexeme.startsWith('[') ? (objectsIn(lexeme)?.join('\n') ?? text) : text
}

/** The object in a line that is text with JSON in it. */
export function unpack(text: string): string {
  return unpackedObject(text) ?? text
}

/**
 * Moves the members of an inner object up into the line; it may also be text with JSON in it. If the inner object is a line itself, it
 * replaces the line.
 */
export function lift(text: string, name: string): string {
  return edit(text, (members) => {
    const lifted = members.find((member) => member.name === name)
    const inner = lifted === undefined ? undefined : innerText(text.slice(lifted.valueStart, lifted.valueEnd))
    if (inner === undefined) return []
    const taken = [...membersOf(inner)]
    const rest = taken.some((member) => member.name === '_p') ? [] : members.filter((member) => member !== lifted)
    const names = new Set(taken.map((member) => member.name))
    // Two values of one name are never merged: only the user knows which one is right.
    if (rest.some((member) => names.has(member.name))) return []
    const lines = [
      ...rest.map(({ nameStart, valueEnd }) => text.slice(nameStart, valueEnd)),
      ...taken.map(
        ({ nameStart, nameEnd, valueStart, valueEnd }) =>
          `${inner.slice(nameStart, nameEnd)}:${plainValue(inner.slice(valueStart, valueEnd))}`,
      ),
    ]
    return [{ start: text.indexOf('{') + 1, end: text.lastIndexOf('}'), text: lines.join(',') }]
  })
}

/** @returns the text of an object, or of the object that a text contains */
function innerText(lexeme: string): string | undefined {
  const value: unknown = JSON.parse(lexeme)
  const text = typeof value === 'string' ? value.trim() : lexeme
  return innerObject(value) === undefined ? undefined : text
}

/** DynamoDB writes the type of each value: `{"S": "text"}`, `{"N": "1"}`. */
function plainValue(lexeme: string): string {
  if (!lexeme.startsWith('{')) return lexeme
  const [member, ...others] = membersOf(lexeme)
  if (member === undefined || others.length > 0) return lexeme
  const value = lexeme.slice(member.valueStart, member.valueEnd)
  switch (member.name) {
    case 'S':
    case 'BOOL':
      return value
    case 'N':
      return /^"-?(?:0|[1-9]\d*)(?:\.\d+)?"$/.test(value) ? value.slice(1, -1) : lexeme
    case 'NULL':
      return 'null'
    default:
      return lexeme
  }
}
