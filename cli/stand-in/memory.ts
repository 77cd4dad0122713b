import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { identityOf, type Properties, type Understood } from './understand.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS kept (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, time INTEGER, properties TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS kept_by_person ON kept (person, id);
  CREATE TABLE IF NOT EXISTS ignored (why TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
`

export interface Summary {
  readonly requests: number
  readonly kept: { readonly record: number; readonly set: number; readonly alias: number }
  /** Requests that said again what was known. */
  readonly repeats: number
  readonly ignored: Readonly<Record<string, number>>
  readonly people: number
  readonly events: Readonly<Record<string, number>>
}

export interface KeptEvent {
  readonly person: string
  readonly event: string
  readonly time: number
  readonly properties: Properties
  readonly repeats: number
}

export interface Person {
  readonly person: string
  readonly events: readonly KeptEvent[]
  /** As they were set last. */
  readonly properties: Properties
  readonly aliases: readonly string[]
}

/**
 * What the stand-in got, in SQLite. What comes in within one turn of the event loop is committed together and answered after it, so
 * that a kill loses nothing that was answered, and a commit is paid for once.
 */
export class Memory {
  readonly #db: DatabaseSync
  readonly #keep: StatementSync
  readonly #ignore: StatementSync
  #waiting: { readonly understood: Understood; readonly committed: () => void }[] = []

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true })
    this.#db = new DatabaseSync(path.join(dir, 'stand-in.sqlite'))
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    this.#db.exec(SCHEMA)
    this.#keep = this.#db.prepare(
      `INSERT INTO kept (identity, kind, person, name, time, properties) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (identity) DO UPDATE SET repeats = repeats + 1`,
    )
    this.#ignore = this.#db.prepare('INSERT INTO ignored (why, count) VALUES (?, 1) ON CONFLICT (why) DO UPDATE SET count = count + 1')
  }

  /** @param committed called when it is sure to be there after a crash */
  add(understood: Understood, committed: () => void): void {
    this.#waiting.push({ understood, committed })
    if (this.#waiting.length === 1) {
      setImmediate(() => {
        this.#commit()
      })
    }
  }

  summary(): Summary {
    const kept = { record: 0, set: 0, alias: 0 }
    let repeats = 0
    for (const { kind, count, again } of this.#db.prepare('SELECT kind, count(*) AS count, sum(repeats) AS again FROM kept GROUP BY kind').all()) {
      if (kind === 'record' || kind === 'set' || kind === 'alias') kept[kind] = Number(count)
      repeats += Number(again)
    }
    const ignored = Object.fromEntries(this.#db.prepare('SELECT why, count FROM ignored').all().map(({ why, count }) => [String(why), Number(count)]))
    const events = this.#db.prepare(`SELECT min(name) AS name, count(*) AS count FROM kept WHERE kind = 'record' GROUP BY lower(name) ORDER BY count DESC`).all()
    const ignoredCount = Object.values(ignored).reduce((sum, count) => sum + count, 0)
    return {
      requests: kept.record + kept.set + kept.alias + repeats + ignoredCount,
      kept,
      repeats,
      ignored,
      people: Number(this.#db.prepare('SELECT count(DISTINCT person) AS count FROM kept').get()?.count),
      events: Object.fromEntries(events.map(({ name, count }) => [String(name), Number(count)])),
    }
  }

  /** The newest first. */
  events(name: string | undefined, person: string | undefined, limit: number): readonly KeptEvent[] {
    return this.#db
      .prepare(
        `SELECT * FROM kept WHERE kind = 'record' AND (?1 IS NULL OR lower(name) = lower(?1)) AND (?2 IS NULL OR person = ?2)
         ORDER BY id DESC LIMIT ?3`,
      )
      .all(name ?? null, person ?? null, limit)
      .map((row) => ({
        person: String(row.person),
        event: String(row.name),
        time: Number(row.time),
        properties: parseProperties(row.properties),
        repeats: Number(row.repeats),
      }))
  }

  person(person: string): Person {
    const sets = this.#db.prepare(`SELECT properties FROM kept WHERE kind IN ('set', 'record') AND person = ? ORDER BY time, id`).all(person)
    const aliases = this.#db.prepare(`SELECT person, name FROM kept WHERE kind = 'alias' AND (person = ?1 OR name = ?1) ORDER BY id`).all(person)
    return {
      person,
      events: this.events(undefined, person, 1_000),
      properties: Object.assign({}, ...sets.map(({ properties }) => parseProperties(properties))) as Properties,
      aliases: aliases.map((row) => String(row.person === person ? row.name : row.person)),
    }
  }

  close(): void {
    this.#commit()
    this.#db.close()
  }

  #commit(): void {
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length === 0) return
    this.#db.exec('BEGIN')
    for (const { understood } of batch) this.#write(understood)
    this.#db.exec('COMMIT')
    for (const { committed } of batch) committed()
  }

  #write(understood: Understood): void {
    if (understood.kind === 'ignored') {
      this.#ignore.run(understood.why)
      return
    }
    const name = understood.kind === 'record' ? understood.event : understood.kind === 'alias' ? understood.other : ''
    const time = understood.kind === 'alias' ? null : understood.time
    const properties = understood.kind === 'alias' ? {} : understood.properties
    this.#keep.run(identityOf(understood), understood.kind, understood.person, name, time, JSON.stringify(properties))
  }
}

function parseProperties(column: unknown): Properties {
  return JSON.parse(String(column)) as Properties // only `#write` writes the column
}
