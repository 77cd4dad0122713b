import { isUtf8 } from 'node:buffer'

/** A request as the checker expects it: what it says, however it is written. */
export interface Expected {
  readonly command: 'record' | 'set' | 'alias'
  readonly path: string
  /** Names and values, sorted, without the key. */
  readonly parameters: string
}

/** How a line has to end. */
export type Verdict =
  | { readonly end: 'blank' }
  | {
      readonly end: 'delivered' | 'undeliverable'
      readonly person: string
      readonly time: number
      readonly requests: readonly Expected[]
    }
  | { readonly end: 'rejected'; readonly reason: string }

/** What the checker is told of the run. */
export interface Rule {
  readonly maxLineBytes: number
  readonly unwelcome: string
}

const YEAR_2009 = 1_230_768_000
const YEAR_5138 = 100_000_000_000

/**
 * What a line means, by the checker's own light: for the lines that a run makes and no others. It knows nothing of the importer's code, so
 * that both can only agree by being right.
 */
export function judgeLine(bytes: Buffer, { maxLineBytes, unwelcome }: Rule): Verdict {
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
  return { end: _p.includes(unwelcome) ? 'undeliverable' : 'delivered', person: _p, time: _t, requests }
}

function bad(reason: string): Verdict {
  return { end: 'rejected', reason }
}

function parametersOf(parameters: Readonly<Record<string, unknown>>): string {
  return sorted(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
}

export function sorted(parameters: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...parameters].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
