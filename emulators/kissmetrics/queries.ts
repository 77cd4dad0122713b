import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { foldName, normalizeName } from '../../lambda/survey/stored-name.ts'
import { TIME_IGNORED, type Outcome } from './recorder.ts'
import type { Properties } from './parse-request.ts'

export interface Summary {
  /** `kept` + `repeats` + all that is `ignored`. */
  readonly requests: number
  /** Requests that contained something new. */
  readonly kept: { readonly record: number; readonly set: number; readonly alias: number }
  /** Duplicates. */
  readonly repeats: number
  /** Number of ignored requests by reason. */
  readonly ignored: Readonly<Record<string, number>>
  /** Kept or repeated requests whose `_t` had no effect, because `_d=1` is missing. */
  readonly timesUnused: number
  /** Aliases of one person count once. */
  readonly people: number
  /** Most frequent first, in the spelling that arrived first. */
  readonly events: Readonly<Record<string, number>>
}

export interface KeptEvent {
  readonly person: string
  readonly event: string
  /** Seconds since 1970. */
  readonly time: number
  readonly properties: Readonly<Record<string, string>>
  readonly repeats: number
}

export interface Person {
  readonly person: string
  /** Other identities of the same person, directly or through another identity. */
  readonly aliases: readonly string[]
  /** Newest first. */
  readonly events: readonly KeptEvent[]
  /** The last value of each property, set alone or with an event. */
  readonly properties: Readonly<Record<string, string>>
}

export interface SeenRequest {
  /** ISO 8601. */
  readonly at: string
  readonly method: string
  readonly path: string
  readonly parameters: string
  readonly outcome: Outcome
  readonly why?: string
}

export interface EventFilter {
  readonly name?: string
  readonly person?: string
  readonly limit: number
}

/** `?1` and all its aliases. */
const SAME_PERSON = `
  WITH RECURSIVE same (identity) AS (
    VALUES (?1) UNION SELECT aliases.other FROM same JOIN aliases ON aliases.identity = same.identity
  )`

/** Read-only queries of what the emulator has stored. */
export class Queries {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  summary(): Summary {
    const counts = this.#rows('SELECT command, outcome, why, count FROM counts')
    const sum = (matches: (row: Row) => boolean): number =>
      counts.filter(matches).reduce((total, { count }) => total + Number(count), 0)
    const kept = (command: string): number => sum((row) => row.outcome === 'kept' && row.command === command)
    const ignored = new Map<string, number>()
    for (const { outcome, why, count } of counts) {
      if (outcome === 'ignored') ignored.set(String(why), (ignored.get(String(why)) ?? 0) + Number(count))
    }
    const events = this.#rows('SELECT name, min(id), count(*) AS count FROM events GROUP BY folded ORDER BY count DESC, name')
    return {
      requests: sum(() => true),
      kept: { record: kept('record'), set: kept('set'), alias: kept('alias') },
      repeats: sum((row) => row.outcome === 'repeat'),
      ignored: Object.fromEntries(ignored),
      timesUnused: sum((row) => row.outcome !== 'ignored' && row.why === TIME_IGNORED),
      people: this.#countPeople(),
      events: Object.fromEntries(events.map(({ name, count }) => [String(name), Number(count)])),
    }
  }

  /** Newest arrival first. */
  events({ name, person, limit }: EventFilter): readonly KeptEvent[] {
    return this.#rows(
      `${SAME_PERSON} SELECT * FROM events
       WHERE (?1 IS NULL OR person IN (SELECT identity FROM same)) AND (?2 IS NULL OR folded = ?2) ORDER BY id DESC LIMIT ?3`,
      person === undefined ? null : normalizeName(person),
      name === undefined ? null : foldName(normalizeName(name)),
      limit,
    ).map(toEvent)
  }

  /** @param limit maximum number of events @returns undefined for an unknown person */
  person(identity: string, limit: number): Person | undefined {
    const person = normalizeName(identity)
    const identities = this.#rows(`${SAME_PERSON} SELECT identity FROM same`, person).map((row) => String(row.identity))
    const events = this.events({ person, limit })
    const properties = this.#lastProperties(person)
    if (events.length === 0 && properties.size === 0 && identities.length === 1) return undefined
    return {
      person,
      aliases: identities.filter((other) => other !== person),
      events,
      properties: Object.fromEntries(properties.values()),
    }
  }

  /** The last requests, newest first. */
  requests(limit: number): readonly SeenRequest[] {
    return this.#rows('SELECT * FROM requests ORDER BY id DESC LIMIT ?', limit).map(
      ({ at, method, path, parameters, outcome, why }) => ({
        at: new Date(Number(at)).toISOString(),
        method: String(method),
        path: String(path),
        parameters: String(parameters),
        outcome: outcome as Outcome, // only `RequestRecorder` writes the column
        ...(why !== '' && { why: String(why) }),
      }),
    )
  }

  /** By folded name: a later spelling replaces an earlier one. */
  #lastProperties(person: string): ReadonlyMap<string, readonly [name: string, value: string]> {
    const sets = this.#rows(
      `${SAME_PERSON}
       SELECT time, json_array(json_array(name, value)) AS properties FROM properties WHERE person IN (SELECT identity FROM same)
       UNION ALL SELECT time, properties FROM events WHERE person IN (SELECT identity FROM same) ORDER BY time`,
      person,
    )
    const last = new Map<string, readonly [string, string]>()
    for (const { properties } of sets)
      for (const [name, value] of toProperties(properties)) last.set(foldName(name), [name, value])
    return last
  }

  #countPeople(): number {
    const [row] = this.#rows(
      'SELECT count(*) AS count FROM (SELECT person FROM events UNION SELECT person FROM properties UNION SELECT identity FROM aliases)',
    )
    const groups = new Map<string, string>()
    const groupOf = (identity: string): string => {
      const parent = groups.get(identity) ?? identity
      if (parent === identity) return identity
      const group = groupOf(parent)
      groups.set(identity, group)
      return group
    }
    let people = Number(row?.count)
    for (const { identity, other } of this.#rows('SELECT identity, other FROM aliases WHERE identity < other')) {
      const [one, two] = [groupOf(String(identity)), groupOf(String(other))]
      if (one === two) continue
      groups.set(one, two)
      people -= 1
    }
    return people
  }

  #rows(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#db.prepare(sql).all(...values)
  }
}

type Row = Record<string, SQLOutputValue>

function toEvent({ person, name, time, properties, repeats }: Row): KeptEvent {
  return {
    person: String(person),
    event: String(name),
    time: Number(time),
    properties: Object.fromEntries(toProperties(properties)),
    repeats: Number(repeats),
  }
}

function toProperties(column: SQLOutputValue | undefined): Properties {
  return JSON.parse(String(column)) as Properties // only `RequestRecorder` writes the column
}
