import { isUtf8 } from 'node:buffer'

/** The content of an expected request, independent of how it is encoded. */
export interface Expected {
  readonly command: 'record' | 'set' | 'alias'
  readonly path: string
  /** Names and values, sorted, without the API key. */
  readonly parameters: string
}

/** The end that a line must have. */
export type ExpectedOutcome =
  | { readonly end: 'blank' }
  | {
      readonly end: 'delivered' | 'undeliverable'
      readonly person: string
      readonly time: number
      readonly requests: readonly Expected[]
    }
  | { readonly end: 'rejected'; readonly reason: string }

/** What the checker knows about the run. */
export interface Rule {
  readonly maxLineBytes: number
  readonly refused: string
}

const YEAR_2009 = 1_230_768_000
const YEAR_5138 = 100_000_000_000

/**
 * The expected outcome of a line, for the lines that a run generates. This is a second implementation that shares no code with the
 * importer, so that both would have to make the same mistake.
 */
export function expectedOutcome(bytes: Buffer, { maxLineBytes, refused }: Rule): ExpectedOutcome {
  if (bytes.length > maxLineBytes) return bad('line_too_long')
  if (!isUtf8(bytes)) return bad('invalid_encoding')
  const text = bytes.toString('utf8').trim()
  if (text === '') return { end: 'blank' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return bad('invalid_json')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('not_an_object')
  const { _p, _t, _n, _p2, ...properties } = value as Record<string, unknown>
  if ('_k' in properties) return bad('reserved_name')
  if (typeof _p !== 'string') return bad('missing_identity')
  if (_t === undefined) return bad('missing_timestamp')
  if (typeof _t !== 'number') return bad('invalid_timestamp')
  if (_t >= YEAR_5138) return bad('timestamp_in_milliseconds')
  if (_t < YEAR_2009) return bad('timestamp_before_2009')
  if (Object.values(properties).some((property) => typeof property === 'object')) return bad('nested_property')
  const common = { _p, _t, _d: 1 }
  const requests: Expected[] = []
  if (_n !== undefined)
    requests.push({ command: 'record', path: '/e', parameters: parametersOf({ ...common, ...properties, _n }) })
  else if (Object.keys(properties).length > 0)
    requests.push({ command: 'set', path: '/s', parameters: parametersOf({ ...common, ...properties }) })
  if (_p2 !== undefined) requests.push({ command: 'alias', path: '/a', parameters: parametersOf({ ...common, _n: _p2 }) })
  if (requests.length === 0) return bad('nothing_to_import')
  return { end: _p.includes(refused) ? 'undeliverable' : 'delivered', person: _p, time: _t, requests }
}

function bad(reason: string): ExpectedOutcome {
  return { end: 'rejected', reason }
}

function parametersOf(parameters: Readonly<Record<string, unknown>>): string {
  return sorted(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
}

export function sorted(parameters: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...parameters].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
