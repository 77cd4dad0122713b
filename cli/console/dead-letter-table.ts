import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { StoredDeadLetter } from '../rejects/stored-dead-letter.ts'
import { rejectedRow } from './dead-letter-row.ts'
import type { RejectedFilter, RejectedOrder, RejectedRow, DeadLetterPage } from './api-types.ts'

/** `row` is the letter as the page gets it, without its line; `body` is the message itself, kept only of failed work. */
const SCHEMA = `
  CREATE TABLE letters (
    id TEXT PRIMARY KEY, view TEXT NOT NULL, reason TEXT NOT NULL, key TEXT NOT NULL, line_number INTEGER,
    forgotten_at TEXT, line TEXT, row TEXT NOT NULL, body TEXT
  ) STRICT;
  CREATE INDEX letters_by_place ON letters (view, key, line_number);
`

const ORDERS: Readonly<Record<RejectedOrder, string>> = {
  place: 'key, line_number, id',
  end: 'forgotten_at IS NULL, forgotten_at, key, line_number, id',
}

export interface Page {
  readonly offset: number
  readonly limit: number
  readonly order: RejectedOrder
}

/** What lies in the row's own JSON, so that a line is not kept twice. */
type Rest = Omit<RejectedRow, 'line'>

interface Stored {
  readonly row: string
  readonly line: string | null
}

/**
 * Dead letters as they were when the queue was looked through, to be chosen among: a hundred thousand are no more trouble than ten.
 *
 * They are in a database without a name, which SQLite keeps in memory as long as it is small, else in a file that nobody else can open and
 * that is gone with the program. See sqlite.org, "In-Memory Databases", temporary databases.
 */
export class DeadLetterTable implements Disposable {
  readonly #db = new DatabaseSync('')
  readonly #insert
  readonly #keptMs: number

  /** @param keptMs how long the queue keeps a letter */
  constructor(keptMs: number) {
    this.#keptMs = keptMs
    this.#db.exec(SCHEMA)
    this.#db.exec('BEGIN')
    this.#db.function('holds', { deterministic: true }, (line, folded) =>
      typeof line === 'string' && line.toLowerCase().includes(String(folded)) ? 1 : 0,
    )
    this.#insert = this.#db.prepare('INSERT OR REPLACE INTO letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  }

  add(reject: StoredDeadLetter): void {
    const { line, ...rest }: RejectedRow = rejectedRow(reject, this.#keptMs)
    const { id, reason, key, lineNumber = null, forgottenAt = null, kind } = rest
    const view = reject.isIncludedByDefault ? 'all' : reject.status === 'quarantined' ? 'quarantined' : 'archived'
    const body = kind === 'failed-import' ? reject.body : null
    this.#insert.run(id, view, reason, key, lineNumber, forgottenAt, line ?? null, JSON.stringify(rest), body)
  }

  /** Of those that wait, whatever the filter; and of the filter, counts and one page. @param nearEnd ISO 8601: what is forgotten before is near its end */
  show(
    filter: RejectedFilter,
    { offset, limit, order }: Page,
    nearEnd: string,
  ): Omit<DeadLetterPage, 'lookedAt' | 'isLooking' | 'isWhole'> {
    const { sql, values } = conditionOf(filter)
    const { file: _file, ...exceptFile } = filter
    const { reason: _reason, ...butReason } = filter
    const firstForgottenAt = this.#value('SELECT min(forgotten_at) AS value FROM letters')
    return {
      total: this.#countOf({}),
      archived: this.#countOf({ kept: 'archived' }),
      quarantined: this.#countOf({ kept: 'quarantined' }),
      nearTheirEnd: this.nearTheirEnd(nearEnd),
      ...(typeof firstForgottenAt === 'string' && { firstForgottenAt }),
      reasons: this.#counts('reason', butReason) as unknown as DeadLetterPage['reasons'],
      files: this.#counts('key', exceptFile) as unknown as DeadLetterPage['files'],
      matching: this.#countOf(filter),
      rows: this.#db
        .prepare(`SELECT row, line FROM letters WHERE ${sql} ORDER BY ${ORDERS[order]} LIMIT ? OFFSET ?`)
        .all(...values, limit, offset)
        .map((stored) => asRow(stored as unknown as Stored)),
    }
  }

  nearTheirEnd(nearEnd: string): number {
    return Number(this.#value('SELECT count(*) AS value FROM letters WHERE forgotten_at < ?', nearEnd))
  }

  /** All of a filter, one after the other, in the order of their places. Nothing may be changed meanwhile. */
  *each(filter: RejectedFilter): Generator<RejectedRow> {
    const { sql, values } = conditionOf(filter)
    const all = this.#db.prepare(`SELECT row, line FROM letters WHERE ${sql} ORDER BY ${ORDERS.place}`).iterate(...values)
    for (const stored of all) yield asRow(stored as unknown as Stored)
  }

  one(id: string): RejectedRow | undefined {
    const stored = this.#db.prepare('SELECT row, line FROM letters WHERE id = ?').get(id)
    return stored && asRow(stored as unknown as Stored)
  }

  /** The failed work of a filter: each message by its id. */
  works(filter: RejectedFilter): ReadonlyMap<string, string> {
    const { sql, values } = conditionOf(filter)
    const all = this.#db.prepare(`SELECT id, body FROM letters WHERE body IS NOT NULL AND ${sql}`).all(...values)
    return new Map(all.map(({ id, body }) => [String(id), String(body)]))
  }

  /** They are no longer where they were. */
  remove(ids: Iterable<string>): void {
    const remove = this.#db.prepare('DELETE FROM letters WHERE id = ?')
    for (const id of ids) remove.run(id)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  #counts(column: 'reason' | 'key', filter: RejectedFilter) {
    const { sql, values } = conditionOf(filter)
    return this.#db
      .prepare(`SELECT ${column}, count(*) AS count FROM letters WHERE ${sql} GROUP BY ${column} ORDER BY count DESC, ${column}`)
      .all(...values)
  }

  #countOf(filter: RejectedFilter): number {
    const { sql, values } = conditionOf(filter)
    return Number(this.#value(`SELECT count(*) AS value FROM letters WHERE ${sql}`, ...values))
  }

  #value(sql: string, ...values: readonly SQLInputValue[]): unknown {
    return this.#db.prepare(sql).get(...values)?.value
  }
}

function asRow({ row, line }: Stored): RejectedRow {
  const rest = JSON.parse(row) as Rest // written by `add`
  return line === null ? rest : { ...rest, line }
}

function conditionOf({ file, reason, text, kept }: RejectedFilter): {
  readonly sql: string
  readonly values: readonly string[]
} {
  const parts = [
    { sql: 'view = ?', value: kept ?? 'all' },
    ...(file === undefined ? [] : [{ sql: 'key = ?', value: file }]),
    ...(reason === undefined ? [] : [{ sql: 'reason = ?', value: reason }]),
    ...(text === undefined || text === '' ? [] : [{ sql: 'holds(line, ?)', value: text.toLowerCase() }]),
  ]
  return { sql: parts.map(({ sql }) => sql).join(' AND '), values: parts.map(({ value }) => value) }
}
