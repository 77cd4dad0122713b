import { reject, type Rejection } from '../reasons.ts'
import type { Command, Property } from './command.ts'
import type { ParsedLine } from './line.ts'
import type { EpochSeconds } from './time.ts'

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
  const [only] = commands
  if (only !== undefined && commands.length === 1) {
    const request = toRequest(only, apiKey)
    return 'kind' in request ? request : [request]
  }
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
  const target = targetOf(command, apiKey)
  const queryBytes = target.length - QUERY_START // it is ASCII, so its length is its bytes
  if (queryBytes <= MAX_QUERY_BYTES) return { method: 'GET', path: target }
  if (queryBytes <= MAX_FORM_BYTES)
    return { method: 'POST', path: target.slice(0, QUERY_START - 1), body: target.slice(QUERY_START) }
  return reject('request_too_large', `it has ${queryBytes} bytes`)
}

/** Where the query begins in `/e?_k=…`. All paths are of one letter. */
const QUERY_START = '/e?'.length

/** What all requests of an import begin with. Joined once for each key, because each part that is joined takes time. */
let lastKey: string | undefined
let starts = { record: '', set: '', alias: '' }

function targetOf(command: Command, apiKey: string): string {
  if (apiKey !== lastKey) {
    const start = `?_k=${encodeText(apiKey)}&_p=`
    starts = { record: `/e${start}`, set: `/s${start}`, alias: `/a${start}` }
    lastKey = apiKey
  }
  const person = starts[command.kind] + encodeText(command.person)
  const time = writtenTime(command.time)
  switch (command.kind) {
    case 'record':
      return person + EVENTS.written(command.event) + time + propertiesOf(command.properties)
    case 'set':
      return person + time + propertiesOf(command.properties)
    case 'alias':
      return `${person}&_n=${encodeText(command.other)}${time}`
  }
}

const LAST_DIGITS: readonly string[] = Array.from({ length: 1_000 }, (_, digits) => `${String(digits).padStart(3, '0')}&_d=1`)
let lastThousands = 0
let writtenThousands = ''

/** The times of neighbouring lines usually differ in their last digits only. To join two texts takes a fifth of the time of writing a number. */
function writtenTime(time: EpochSeconds): string {
  const thousands = Math.floor(time / 1_000)
  if (thousands <= 0) return `&_t=${time}&_d=1`
  if (thousands !== lastThousands) {
    lastThousands = thousands
    writtenThousands = `&_t=${thousands}`
  }
  return writtenThousands + (LAST_DIGITS[time - thousands * 1_000] ?? '')
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
const UNCHANGED = 0
/** For each ASCII character: whether it is sent unchanged. Half as fast to read as the text of its escape. */
const CHANGES = Uint8Array.from(ESCAPES, (escape) => (escape === '' ? UNCHANGED : 1))

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
    const code = text.charCodeAt(at)
    const change = CHANGES[code]
    if (change === UNCHANGED) continue
    if (change === undefined) return encoded + encodeUnicode(text.slice(start))
    encoded += text.slice(start, at) + (ESCAPES[code] ?? '')
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
