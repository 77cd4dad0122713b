import { SetupError } from '../../lambda/errors.ts'
import { membersOf, type Member } from '../../lambda/parse/layout.ts'
import { isObject } from './json-object.ts'

/** A correction of a common mistake, applied to all lines. */
export interface Fix {
  /** As the user typed it. */
  readonly name: string
  /** Returns the corrected text. Everything else stays unchanged, character by character. */
  readonly apply: (text: string) => string
}

export const FIXES_HELP = 'ms-timestamps, trim, rename:OLD=NEW or drop:NAME'

/** @throws SetupError if the fix is unknown */
export function readFix(name: string): Fix {
  const [, kind, argument = ''] = /^(ms-timestamps|trim|rename|drop)(?::(.*))?$/s.exec(name) ?? []
  const [from = '', to = ''] = argument.split('=', 2)
  if (kind === 'ms-timestamps' && argument === '') return { name, apply: toSeconds }
  if (kind === 'trim' && argument === '') return { name, apply: trim }
  if (kind === 'drop' && argument !== '') return { name, apply: (text) => dropProperty(text, argument) }
  if (kind === 'rename' && from !== '' && to !== '') return { name, apply: (text) => renameProperty(text, from, to) }
  throw new SetupError(`--fix is "${name}": expected ${FIXES_HELP}.`)
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Replaces parts of a JSON object. Any other text stays unchanged. */
function edit(text: string, editsOf: (members: readonly Member[]) => readonly Edit[]): string {
  if (!isObject(text)) return text
  let edited = text
  for (const { start, end, text: replacement } of editsOf([...membersOf(text)]).toReversed())
    edited = edited.slice(0, start) + replacement + edited.slice(end)
  return edited
}

/** Milliseconds have thirteen digits from 2001 to 2286. */
const MILLISECONDS = /^"?(\d{10})\d{3}(?:\.\d+)?"?$/

function toSeconds(text: string): string {
  return edit(text, (members) =>
    members.flatMap(({ name, valueStart: start, valueEnd: end }) => {
      const seconds = MILLISECONDS.exec(text.slice(start, end))?.[1]
      return name === '_t' && seconds !== undefined ? [{ start, end, text: seconds }] : []
    }),
  )
}

/** Removes white space around names and strings; and commas, brackets and a byte order mark around the object. */
function trim(text: string): string {
  const bare = text.replace(/^[\s\ufeff,[]+(?=\{)/, '').replace(/(?<=\})[\s,\]]+$/, '')
  const object = isObject(bare) ? bare : text
  return edit(object, (members) =>
    members.flatMap(({ nameStart, nameEnd, valueStart, valueEnd }) =>
      [trimString(object, nameStart, nameEnd), trimString(object, valueStart, valueEnd)].filter((change) => change !== undefined),
    ),
  )
}

function trimString(text: string, start: number, end: number): Edit | undefined {
  const lexeme = text.slice(start, end)
  if (!lexeme.startsWith('"')) return undefined
  const value = JSON.parse(lexeme) as string
  return value.trim() === value ? undefined : { start, end, text: JSON.stringify(value.trim()) }
}

function renameProperty(text: string, from: string, to: string): string {
  return edit(text, (members) =>
    members
      .filter(({ name }) => name === from)
      .map(({ nameStart: start, nameEnd: end }) => ({ start, end, text: JSON.stringify(to) })),
  )
}

function dropProperty(text: string, dropped: string): string {
  return edit(text, (members) => {
    const remaining = members.filter(({ name }) => name !== dropped)
    if (remaining.length === members.length) return []
    const body = remaining.map(({ nameStart, valueEnd }) => text.slice(nameStart, valueEnd)).join(',')
    return [{ start: text.indexOf('{') + 1, end: text.lastIndexOf('}'), text: body }]
  })
}
