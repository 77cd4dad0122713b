import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { withoutKey } from './parameters.ts'
import {
  foldName,
  identityOf,
  understand,
  type AliasCommand,
  type RecordCommand,
  type SetCommand,
  type Understood,
} from './understand.ts'

/** One request as it came. */
export interface Arrival {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** `/e`, `/s` or `/a`. */
  readonly path: string
  /** The query, or the form. */
  readonly parameters: string
}

/** `kept`: it said something new. `repeat`: all that it said was known. `ignored`: Kissmetrics would answer 200 and keep nothing. */
export type Outcome = 'kept' | 'repeat' | 'ignored'

/** Told when an arrival is sure to be there after a crash, or why it could not be written. */
export type Observation = (failure?: unknown) => void

/** How many requests can be looked at as they came; older ones are counted, and what they said is kept. */
export const MAX_REQUESTS = 10_000
/** So much of one request can be looked at. */
const MAX_SHOWN_CHARACTERS = 4_096

/** Why a request counts though its time does not. */
export const TIME_UNUSED = '_t without _d=1: the time of arrival was taken'

/**
 * Takes in what Kissmetrics would take in, and drops what it would drop.
 *
 * What comes within one turn of the event loop is committed together and answered after it: a kill loses nothing that was answered,
 * and one commit is paid for many.
 */
export class Memory {
  readonly #db: DatabaseSync
  readonly #maxRequests: number
  readonly #addEvent: StatementSync
  readonly #countRepeat: StatementSync
  readonly #addProperty: StatementSync
  readonly #addAlias: StatementSync
  readonly #addCount: StatementSync
  readonly #addRequest: StatementSync
  readonly #discardRequests: StatementSync
  #waiting: { readonly arrival: Arrival; readonly told: Observation }[] = []

  constructor(db: DatabaseSync, maxRequests = MAX_REQUESTS) {
    this.#db = db
    this.#maxRequests = maxRequests
    this.#addEvent = db.prepare(
      'INSERT OR IGNORE INTO events (identity, person, name, folded, time, properties) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#countRepeat = db.prepare('UPDATE events SET repeats = repeats + 1 WHERE identity = ?')
    this.#addProperty = db.prepare('INSERT OR IGNORE INTO properties (person, time, folded, name, value) VALUES (?, ?, ?, ?, ?)')
    this.#addAlias = db.prepare('INSERT OR IGNORE INTO aliases (identity, other) VALUES (?1, ?2), (?2, ?1)')
    this.#addCount = db.prepare(
      'INSERT INTO counts (command, outcome, why, count) VALUES (?, ?, ?, ?4) ON CONFLICT DO UPDATE SET count = count + ?4',
    )
    this.#addRequest = db.prepare('INSERT INTO requests (at, method, path, parameters, outcome, why) VALUES (?, ?, ?, ?, ?, ?)')
    this.#discardRequests = db.prepare('DELETE FROM requests WHERE id <= ?')
  }

  add(arrival: Arrival, told: Observation): void {
    this.#waiting.push({ arrival, told })
    if (this.#waiting.length > 1) return
    setImmediate(() => {
      this.commit()
    })
  }

  /** Writes what waits. Called by itself at the end of each turn. */
  commit(): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return
    try {
      this.#db.exec('BEGIN IMMEDIATE')
      this.#write(waiting.map(({ arrival }) => arrival))
      this.#db.exec('COMMIT')
    } catch (failure) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      for (const { told } of waiting) told(failure)
      return
    }
    for (const { told } of waiting) told()
  }

  #write(arrivals: readonly Arrival[]): void {
    const counts = new RequestCounts()
    let last: number | bigint = 0
    for (const { at, method, path, parameters } of arrivals) {
      const understood = understand(path, parameters, Math.floor(at / 1000))
      const outcome = this.#keep(understood)
      const why = whyOf(understood)
      counts.add(COMMANDS[path] ?? path, outcome, why)
      const shown = withoutKey(parameters)
      const cut = shown.length > MAX_SHOWN_CHARACTERS ? `${shown.slice(0, MAX_SHOWN_CHARACTERS)}…` : shown
      last = this.#addRequest.run(at, method, path, cut, outcome, why).lastInsertRowid
    }
    for (const [command, outcome, why, count] of counts) this.#addCount.run(command, outcome, why, count)
    this.#discardRequests.run(Number(last) - this.#maxRequests)
  }

  #keep(understood: Understood): Outcome {
    switch (understood.kind) {
      case 'record':
        return this.#keepEvent(understood)
      case 'set':
        return this.#keepProperties(understood)
      case 'alias':
        return this.#keepAlias(understood)
      case 'ignored':
        return 'ignored'
    }
  }

  #keepEvent(command: RecordCommand): Outcome {
    const { person, event, time, properties } = command
    const identity = identityOf(command)
    if (this.#addEvent.run(identity, person, event, foldName(event), time.seconds, JSON.stringify(properties)).changes > 0)
      return 'kept'
    this.#countRepeat.run(identity)
    return 'repeat'
  }

  /** Kissmetrics, "Detecting duplicates": of the same person, property and second the first is kept, whatever its value. */
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

function whyOf(understood: Understood): string {
  if (understood.kind === 'ignored') return understood.why
  return understood.kind !== 'alias' && understood.time.isGivenTimeUnused ? TIME_UNUSED : ''
}

/** Counts of one commit, added up before they are written. */
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
