import { parseLine, type ParsedLine } from '../../../lambda/parse/line.ts'
import { requestsFor, type Request } from '../../../lambda/parse/request.ts'
import type { Rejection } from '../../../lambda/reasons.ts'

/** The time of most lines in these tests, in 2014. */
export const SECONDS = 1_393_344_604

/** The files of these tests were written at the start of 2026. */
export const RULES = { latestTime: Date.UTC(2026, 0, 2) / 1000 }

export const KEY = 'KM_KEY'

/** The requests of a valid line. */
export function requestsOf(line: string): readonly Request[] {
  const built = requestsFor(parsed(line), KEY)
  if ('kind' in built) throw new Error(`rejected: ${built.detail}`)
  return built
}

export function parsed(line: string): ParsedLine {
  const outcome = parseLine(line, RULES)
  if (outcome.kind === 'rejection') throw new Error(`rejected: ${outcome.detail}`)
  return outcome
}

/** The rejection of an invalid line. */
export function rejectionOf(line: string): Rejection {
  const outcome = parseLine(line, RULES)
  const built = outcome.kind === 'rejection' ? outcome : requestsFor(outcome, KEY)
  if (!('kind' in built)) throw new Error('the line was not rejected')
  return built
}

/** `ok` or the reason: the last column of a table of rules. */
export function outcomeOf(line: string): string {
  const outcome = parseLine(line, RULES)
  if (outcome.kind === 'rejection') return outcome.reason
  const built = requestsFor(outcome, KEY)
  return 'kind' in built ? built.reason : 'ok'
}

/** A valid line with some changes. A name with the value undefined is removed. */
export function lineWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ _p: 'bob', _t: SECONDS, _n: 'Signed Up', ...changes })
}

/** What an endpoint reads from a request with this URL parser. */
export function readBy(Reader: typeof URL, request: Request): { host: string; path: string; parameters: [string, string][] } {
  const path = request.body === undefined ? request.path : `${request.path}?${request.body}`
  const url = new Reader(`https://trk.kissmetrics.io${path}`)
  return { host: url.host, path: url.pathname, parameters: [...url.searchParams] }
}
