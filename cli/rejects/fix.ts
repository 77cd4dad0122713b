import { SetupError } from '../../lambda/errors.ts'
import { membersOf, type Member } from '../../lambda/parse/layout.ts'
import { isObject } from './json-object.ts'

/** Mends what is commonly wrong with a line. */
export interface Fix {
  /** As it was typed. */
  readonly name: string
  /** @returns the text, mended where it needs it; whatever is not meant stays as it is written */
  readonly apply: (text: string) => string
}

export const FIXES_HELP = 'ms-timestamps, trim, rename:OLD=NEW or drop:NAME'

/** @throws SetupError where there is no such fix */
export function readFix(name: string): Fix {
  const [, kind, rest = ''] = /^(ms-timestamps|trim|rename|drop)(?::(.*))?$/s.exec(name) ?? []
  const [from = '', to = ''] = rest.split('=', 2)
  if (kind === 'ms-timestamps' && rest === '') return { name, apply: inSeconds }
  if (kind === 'trim' && rest === '') return { name, apply: trim }
  if (kind === 'drop' && rest !== '') return { name, apply: (text) => removeName(text, rest) }
  if (kind === 'rename' && from !== '' && to !== '') return { name, apply: (text) => rename(text, from, to) }
  throw new SetupError(`--fix is "${name}": expected ${FIXES_HELP}.`)
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Writes over parts of an object; what is no object stays as it is. */
function edit(text: string, edits: (members: readonly Member[]) => readonly Edit[]): string {
  if (!isObject(text)) return text
  let edited = text
  for (const { start, end, text: replacement } of edits([...membersOf(text)]).toReversed())
    edited = edited.slice(0, start) + replacement + edited.slice(end)
  return edited
}

/** Milliseconds have thirteen digits from 2001 to 2286. */
const MILLISECONDS = /^"?(\d{10})\d{3}(?:\.\d+)?"?$/

function inSeconds(text: string): string {
  return edit(text, (members) =>
    members.flatMap(({ name, valueStart: start, valueEnd: end }) => {
      const seconds = MILLISECONDS.exec(text.slice(start, end))?.[1]
      return name === '_t' && seconds !== undefined ? [{ start, end, text: seconds }] : []
    }),
  )
}

/** White space around names and texts, and what stands around the object: a comma, or a byte order mark. */
function trim(text: string): string {
  const bare = text.replace(/^[\s\ufeff,[]+(?=\{)/, '').replace(/(?<=\})[\s,\]]+$/, '')
  const object = isObject(bare) ? bare : text
  return edit(object, (members) =>
    members.flatMap(({ nameStart, nameEnd, valueStart, valueEnd }) =>
      [trimmed(object, nameStart, nameEnd), trimmed(object, valueStart, valueEnd)].filter((change) => change !== undefined),
    ),
  )
}

function trimmed(text: string, start: number, end: number): Edit | undefined {
  const lexeme = text.slice(start, end)
  if (!lexeme.startsWith('"')) return undefined
  const value = JSON.parse(lexeme) as string
  return value.trim() === value ? undefined : { start, end, text: JSON.stringify(value.trim()) }
}

function rename(text: string, from: string, to: string): string {
  return edit(text, (members) =>
    members
      .filter(({ name }) => name === from)
      .map(({ nameStart: start, nameEnd: end }) => ({ start, end, text: JSON.stringify(to) })),
  )
}

function removeName(text: string, dropped: string): string {
  return edit(text, (members) => {
    const kept = members.filter(({ name }) => name !== dropped)
    if (kept.length === members.length) return []
    const all = kept.map(({ nameStart, valueEnd }) => text.slice(nameStart, valueEnd)).join(',')
    return [{ start: text.indexOf('{') + 1, end: text.lastIndexOf('}'), text: all }]
  })
}
