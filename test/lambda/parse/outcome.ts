import { parseLine, type ParsedLine } from '../../../lambda/parse/line.ts'
import { requestsFor, type Request } from '../../../lambda/parse/request.ts'
import type { Rejection } from '../../../lambda/reasons.ts'

/** A line from 2014, as most of the tests take. */
export const SECONDS = 1_393_344_604

/** The drops of these tests were written when 2026 began. */
export const RULES = { latestTime: Date.UTC(2026, 0, 2) / 1000 }

export const KEY = 'KM_KEY'

/** The requests of a line that is taken. */
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

/** What comes back for a line that is not taken. */
export function rejectionOf(line: string): Rejection {
  const outcome = parseLine(line, RULES)
  const built = outcome.kind === 'rejection' ? outcome : requestsFor(outcome, KEY)
  if (!('kind' in built)) throw new Error('the line was taken')
  return built
}

/** `ok`, or the reason: what a table of rules has in its last column. */
export function outcomeOf(line: string): string {
  const outcome = parseLine(line, RULES)
  if (outcome.kind === 'rejection') return outcome.reason
  const built = requestsFor(outcome, KEY)
  return 'kind' in built ? built.reason : 'ok'
}

/** A line that is right but for what is given; a name with the value undefined is left out. */
export function lineWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ _p: 'bob', _t: SECONDS, _n: 'Signed Up', ...changes })
}

/** What an endpoint reads from a request, by the given reader of addresses. */
export function readBy(Reader: typeof URL, request: Request): { host: string; path: string; parameters: [string, string][] } {
  const path = request.body === undefined ? request.path : `${request.path}?${request.body}`
  const url = new Reader(`https://trk.kissmetrics.io${path}`)
  return { host: url.host, path: url.pathname, parameters: [...url.searchParams] }
}
