import { reject, type Rejection } from '../reasons.ts'
import type { Command, Property } from './command.ts'
import type { ParsedLine } from './line.ts'

/** What is sent for a command: a function of the command and the key, and of nothing else, so that a second try is the same bytes. */
export interface Request {
  readonly method: 'GET' | 'POST'
  /** Path, and for GET the query. */
  readonly path: string
  /** For POST: the same parameters in the same order, form-urlencoded. */
  readonly body?: string
}

/** Longer queries go as a form: long GETs are known to fail. Segment's integration with Kissmetrics had this border. */
const MAX_QUERY_BYTES = 2_048
const MAX_FORM_BYTES = 65_536

/** The requests of a line, in order. A key of another length can make a line too large, so the key has a say in it. */
export function requestsFor({ commands }: ParsedLine, apiKey: string): readonly Request[] | Rejection {
  const requests: Request[] = []
  for (const command of commands) {
    const request = toRequest(command, apiKey)
    if ('kind' in request) return request
    requests.push(request)
  }
  return requests
}

/**
 * One command as Kissmetrics' tracking endpoint takes it, the parameters in a fixed order: `_k _p _n _t _d`, then the properties.
 *
 * `_d=1` makes Kissmetrics use `_t`; without it, it uses its own clock.
 *
 * @see Kissmetrics, "API specifications"
 */
export function toRequest(command: Command, apiKey: string): Request | Rejection {
  const query = queryOf(command, encodeText(apiKey)) // ASCII, so its length is its bytes
  const path = PATHS[command.kind]
  if (query.length <= MAX_QUERY_BYTES) return { method: 'GET', path: `${path}?${query}` }
  if (query.length <= MAX_FORM_BYTES) return { method: 'POST', path, body: query }
  return reject('request_too_large', `it has ${query.length} bytes`)
}

const PATHS = { record: '/e', set: '/s', alias: '/a' } as const

function queryOf(command: Command, key: string): string {
  const start = `_k=${key}&_p=${encodeText(command.person)}`
  const end = `&_t=${command.time}&_d=1`
  switch (command.kind) {
    case 'record':
      return `${start}&_n=${encodeName(command.event)}${end}${propertiesOf(command.properties)}`
    case 'set':
      return `${start}${end}${propertiesOf(command.properties)}`
    case 'alias':
      return `${start}&_n=${encodeText(command.other)}${end}`
  }
}

function propertiesOf(properties: readonly Property[]): string {
  let query = ''
  for (const [name, value] of properties) query += `&${encodeName(name)}=${encodeText(value)}`
  return query
}

/** The sixty-six characters that stay as they are. */
const UNRESERVED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'

/** How each ASCII character is sent; an empty text where it stays as it is. */
const ESCAPES: readonly string[] = Array.from({ length: 128 }, (_, code) =>
  UNRESERVED.includes(String.fromCharCode(code)) ? '' : `%${code.toString(16).toUpperCase().padStart(2, '0')}`,
)

/**
 * A text as it stands in a query: strict RFC 3986, in UTF-8. Kissmetrics' clients for Ruby, PHP, iOS and Android agree on it byte for
 * byte; `encodeURIComponent` leaves `!'()*`, which they do not.
 *
 * @param text well-formed
 */
function encodeText(text: string): string {
  let encoded = ''
  let start = 0 // of what stays as it is
  for (let at = 0; at < text.length; at += 1) {
    const escape = ESCAPES[text.charCodeAt(at)]
    if (escape === undefined) return encoded + encodeUnicode(text.slice(start))
    if (escape === '') continue
    encoded += text.slice(start, at) + escape
    start = at + 1
  }
  return start === 0 ? text : encoded + text.slice(start)
}

function encodeUnicode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeOf)
}

function escapeOf(character: string): string {
  return ESCAPES[character.charCodeAt(0)] ?? character
}

/** Names come again and again, in every line the same. Bounded, since a drop can have names of its own in each line. */
const MAX_CACHED_NAMES = 1_000
const encodedNames = new Map<string, string>()

/** Like `encodeText`, and remembers what it has found. */
function encodeName(name: string): string {
  const known = encodedNames.get(name)
  if (known !== undefined) return known
  const encoded = encodeText(name)
  if (encodedNames.size >= MAX_CACHED_NAMES) encodedNames.clear()
  encodedNames.set(name, encoded)
  return encoded
}
