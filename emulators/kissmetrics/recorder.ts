import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { foldName } from '../../lambda/survey/stored-name.ts'
import { withoutKey } from './parameters.ts'
import {
  duplicateKey,
  parseRequest,
  type AliasCommand,
  type RecordCommand,
  type SetCommand,
  type ParsedRequest,
} from './parse-request.ts'

/** A request as received. */
export interface ReceivedRequest {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** `/e`, `/s` or `/a`. */
  readonly path: string
  /** The query, or the form of a POST. */
  readonly parameters: string
}

/** `kept`: it contained something new. `repeat`: a duplicate. `ignored`: Kissmetrics would answer 200 and store nothing. */
export type Outcome = 'kept' | 'repeat' | 'ignored'

/** Called once a request is committed, or with the reason why it could not be. */
export type OnCommitted = (failure?: unknown) => void

/** Number of requests that `/requests` can show. Of older ones, only the counts and the data are kept. */
export const MAX_REQUESTS = 10_000
/** Maximum length of a request that `/requests` shows. */
const MAX_SHOWN_CHARACTERS = 4_096

/** Note on a request whose time was ignored. */
export const TIME_IGNORED = '_t without _d=1: the time of arrival was used'

/**
 * Stores what Kissmetrics would store, and drops what it would drop.
 *
 * Requests that arrive in one turn of the event loop are committed together and answered afterwards: a crash loses no answered request, and
 * many requests share the cost of one commit.
 */
export class RequestRecorder {
  readonly #db: DatabaseSync
  readonly #maxRequests: number
  readonly #addEvent: StatementSync
  readonly #countRepeat: StatementSync
  readonly #addProperty: StatementSync
  readonly #addAlias: StatementSync
  readonly #addCount: StatementSync
  readonly #addRequest: StatementSync
  readonly #discardRequests: StatementSync
  #pending: { readonly request: ReceivedRequest; readonly onCommitted: OnCommitted }[] = []

  constructor(db: DatabaseSync, maxRequests = MAX_REQUESTS) {
    this.#db = db
    this.#maxRequests = maxRequests
    this.#addEvent = db.prepare(
      'INSERT OR IGNORE INTO events (duplicate_key, person, name, folded, time, properties) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#countRepeat = db.prepare('UPDATE events SET repeats = repeats + 1 WHERE duplicate_key = ?')
    this.#addProperty = db.prepare('INSERT OR IGNORE INTO properties (person, time, folded, name, value) VALUES (?, ?, ?, ?, ?)')
    this.#addAlias = db.prepare('INSERT OR IGNORE INTO aliases (identity, other) VALUES (?1, ?2), (?2, ?1)')
    this.#addCount = db.prepare(
      'INSERT INTO counts (command, outcome, why, count) VALUES (?, ?, ?, ?4) ON CONFLICT DO UPDATE SET count = count + ?4',
    )
    this.#addRequest = db.prepare('INSERT INTO requests (at, method, path, parameters, outcome, why) VALUES (?, ?, ?, ?, ?, ?)')
    this.#discardRequests = db.prepare('DELETE FROM requests WHERE id <= ?')
  }

  add(request: ReceivedRequest, onCommitted: OnCommitted): void {
    this.#pending.push({ request, onCommitted })
    if (this.#pending.length > 1) return
    setImmediate(() => {
      this.commit()
    })
  }

  /** Writes the pending requests. Runs by itself at the end of each turn. */
  commit(): void {
    const pending = this.#pending
    this.#pending = []
    if (pending.length === 0) return
    try {
      this.#db.exec('BEGIN IMMEDIATE')
      this.#write(pending.map(({ request }) => request))
      this.#db.exec('COMMIT')
    } catch (failure) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      for (const { onCommitted } of pending) onCommitted(failure)
      return
    }
    for (const { onCommitted } of pending) onCommitted()
  }

  #write(requests: readonly ReceivedRequest[]): void {
    const counts = new RequestCounts()
    let last: number | bigint = 0
    for (const { at, method, path, parameters } of requests) {
      const parsed = parseRequest(path, parameters, Math.floor(at / 1000))
      const outcome = this.#keep(parsed)
      const why = whyOf(parsed)
      counts.add(COMMANDS[path] ?? path, outcome, why)
      const shown = withoutKey(parameters)
      const cut = shown.length > MAX_SHOWN_CHARACTERS ? `${shown.slice(0, MAX_SHOWN_CHARACTERS)}…` : shown
      last = this.#addRequest.run(at, method, path, cut, outcome, why).lastInsertRowid
    }
    for (const [command, outcome, why, count] of counts) this.#addCount.run(command, outcome, why, count)
    this.#discardRequests.run(Number(last) - this.#maxRequests)
  }

  #keep(parsed: ParsedRequest): Outcome {
    switch (parsed.kind) {
      case 'record':
        return this.#keepEvent(parsed)
      case 'set':
        return this.#keepProperties(parsed)
      case 'alias':
        return this.#keepAlias(parsed)
      case 'ignored':
        return 'ignored'
    }
  }

  #keepEvent(command: RecordCommand): Outcome {
    const { person, event, time, properties } = command
    const key = duplicateKey(command)
    if (this.#addEvent.run(key, person, event, foldName(event), time.seconds, JSON.stringify(properties)).changes > 0)
      return 'kept'
    this.#countRepeat.run(key)
    return 'repeat'
  }

  /** Kissmetrics, "Detecting duplicates": of several values for the same person, property and second, only the first is kept. */
  #keepProperties({ person, time, properties }: SetCommand): Outcome {
    let added = 0
    for (const [name, value] of properties)
      added += Number(this.#addProperty.run(person, time.seconds, foldName(name), name, value).changes)
    return added > 0 ? 'kept' : 'repeat'
  }

  #keepAlias({ person, other }: AliasCommand): Outcome {
    return this.#addAlias.run(person, other).changes > 0 ? 'kept' : 'repeat'
  }
}

const COMMANDS: Readonly<Record<string, string>> = { '/e': 'record', '/s': 'set', '/a': 'alias' }

function whyOf(parsed: ParsedRequest): string {
  if (parsed.kind === 'ignored') return parsed.why
  return parsed.kind !== 'alias' && parsed.time.isTimeIgnored ? TIME_IGNORED : ''
}

/** The counts of one commit. */
class RequestCounts {
  readonly #counts = new Map<string, [command: string, outcome: Outcome, why: string, count: number]>()

  add(command: string, outcome: Outcome, why: string): void {
    const key = `${command} ${outcome} ${why}`
    const entry = this.#counts.get(key)
    if (entry === undefined) this.#counts.set(key, [command, outcome, why, 1])
    else entry[3] += 1
  }

  [Symbol.iterator](): Iterator<readonly [command: string, outcome: Outcome, why: string, count: number]> {
    return this.#counts.values()
  }
}
