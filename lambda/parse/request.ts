import { reject, type Rejection } from '../reasons.ts'
import type { Command, Property } from './command.ts'
import type { ParsedLine } from './line.ts'

/** An HTTP request for a command. It depends only on the command and the API key, so a retry sends the same bytes. */
export interface Request {
  readonly method: 'GET' | 'POST'
  /** Path, and for GET the query. */
  readonly path: string
  /** For POST: the parameters of the query, in the same order, form-urlencoded. */
  readonly body?: string
}

/** Longer queries are sent as a form, because long GET requests are known to fail. Segment's integration with Kissmetrics had the same limit. */
const MAX_QUERY_BYTES = 2_048
const MAX_FORM_BYTES = 65_536

/** The requests of a line, in sending order. The key counts too: a longer one can make a request too large. */
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
 * Builds the request for the tracking endpoint of Kissmetrics, with the parameters in a fixed order: `_k _p _n _t _d`, then the properties.
 *
 * `_d=1` makes Kissmetrics use `_t` instead of its own clock.
 *
 * @see Kissmetrics, "API specifications"
 */
export function toRequest(command: Command, apiKey: string): Request | Rejection {
  const query = queryOf(command, startOf(apiKey)) // ASCII, so its length is its bytes
  const path = PATHS[command.kind]
  if (query.length <= MAX_QUERY_BYTES) return { method: 'GET', path: `${path}?${query}` }
  if (query.length <= MAX_FORM_BYTES) return { method: 'POST', path, body: query }
  return reject('request_too_large', `it has ${query.length} bytes`)
}

const PATHS = { record: '/e', set: '/s', alias: '/a' } as const

/** Kept for the last key, because all requests of an import have the same one. */
let lastKey = ''
let lastStart = '_k=&_p='

function startOf(apiKey: string): string {
  if (apiKey !== lastKey) {
    lastStart = `_k=${encodeText(apiKey)}&_p=`
    lastKey = apiKey
  }
  return lastStart
}

function queryOf(command: Command, start: string): string {
  const person = start + encodeText(command.person)
  const time = `&_t=${command.time}&_d=1`
  switch (command.kind) {
    case 'record':
      return person + EVENTS.written(command.event) + time + propertiesOf(command.properties)
    case 'set':
      return person + time + propertiesOf(command.properties)
    case 'alias':
      return `${person}&_n=${encodeText(command.other)}${time}`
  }
}

function propertiesOf(properties: readonly Property[]): string {
  let query = ''
  for (const [name, value] of properties) query += PROPERTIES.written(name) + encodeText(value)
  return query
}

/** The 66 characters that are sent unchanged. */
const UNRESERVED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'

/** The escape of each ASCII character; empty for a character that is sent unchanged. */
const ESCAPES: readonly string[] = Array.from({ length: 128 }, (_, code) =>
  UNRESERVED.includes(String.fromCharCode(code)) ? '' : `%${code.toString(16).toUpperCase().padStart(2, '0')}`,
)

/**
 * Encodes a text for a query, strictly by RFC 3986 in UTF-8. Kissmetrics' clients for Ruby, PHP, iOS and Android produce the same bytes.
 * They also escape `!'()*`, which `encodeURIComponent` does not.
 *
 * @param text well-formed
 */
function encodeText(text: string): string {
  let encoded = ''
  let start = 0 // of the current run of unchanged characters
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
  const encoded = encodeURIComponent(text)
  return LEFT.test(encoded) ? encoded.replace(ALL_LEFT, escapeOf) : encoded // the test takes a third of the time of a replacement
}

const LEFT = /[!'()*]/
const ALL_LEFT = /[!'()*]/g

function escapeOf(character: string): string {
  return ESCAPES[character.charCodeAt(0)] ?? character
}

/** The same names usually occur in every line. The cache is bounded, because a file can also have new names in each line. */
const MAX_CACHED_NAMES = 1_000

/** Names as they are written in a query, with all that stands around them: each part that is joined takes time. */
class WrittenNames {
  readonly #written = new Map<string, string>()
  readonly #write: (encoded: string) => string

  constructor(write: (encoded: string) => string) {
    this.#write = write
  }

  written(name: string): string {
    const known = this.#written.get(name)
    if (known !== undefined) return known
    const written = this.#write(encodeText(name))
    if (this.#written.size >= MAX_CACHED_NAMES) this.#written.clear()
    this.#written.set(name, written)
    return written
  }
}

const EVENTS = new WrittenNames((event) => `&_n=${event}`)
const PROPERTIES = new WrittenNames((name) => `&${name}=`)
