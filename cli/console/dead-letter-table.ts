import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { keysOf } from '../rejects/content.ts'
import type { StoredDeadLetter } from '../rejects/stored-dead-letter.ts'
import type { RejectedFilter, RejectedOrder, RejectedPage, RejectedRow } from './api-types.ts'
import { countsBy, DeadLetterCounts, sumOf, type Facts, type Group, type View } from './dead-letter-counts.ts'
import { rejectedRow, type RowContext, type StoredRow } from './rejected-row.ts'

/** `row` is the RejectedRow as JSON, without its line; `body` is the SQS message, stored only for failed imports. */
const SCHEMA = `
  CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY, view TEXT NOT NULL, reason TEXT NOT NULL, key TEXT NOT NULL, line_number INTEGER,
    expires_at TEXT, line TEXT, row TEXT NOT NULL, body TEXT, origin_key TEXT NOT NULL
  ) STRICT;
  CREATE INDEX dead_letters_by_file ON dead_letters (view, key, line_number);
  CREATE INDEX dead_letters_by_expiry ON dead_letters (expires_at) WHERE expires_at IS NOT NULL;
`

/** A search reads every line. The default of 2 MB would read them from the disk each time. */
const CACHE_KIB = 65_536

const ORDERS: Readonly<Record<RejectedOrder, string>> = {
  file: 'key, line_number, id',
  expiry: 'expires_at IS NULL, expires_at, key, line_number, id',
}

/** A page of the table, without what is known about the read. */
export type TablePage = Omit<RejectedPage, 'readAt' | 'isRefreshing' | 'isComplete' | 'inUse' | 'rows'> & {
  readonly rows: readonly StoredRow[]
}

export interface PageRange {
  readonly offset: number
  readonly limit: number
  readonly order: RejectedOrder
}

const FACTS = 'view, reason, key, origin_key AS originKey'
const ASCII = /^[\0-\x7f]*$/

/** The row's own JSON: the line has a column of its own, so it is not stored twice. */
type RowWithoutLine = Omit<StoredRow, 'line'>

interface Columns {
  readonly row: string
  readonly line: string | null
}

/**
 * The dead letters as they were when the queue was read, with filters, counts and pages; fast for a hundred thousand of them.
 *
 * The SQLite database has no name: SQLite keeps it in memory while it is small, and otherwise in a file that no other program can open
 * and that disappears with the process. See sqlite.org, "In-Memory Databases", temporary databases.
 */
export class DeadLetterTable implements Disposable {
  readonly #db = new DatabaseSync('')
  readonly #counts = new DeadLetterCounts()
  readonly #insert
  readonly #context: RowContext

  constructor(context: RowContext) {
    this.#context = context
    this.#db.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
    this.#db.exec(SCHEMA)
    this.#db.exec('BEGIN')
    this.#db.function('contains', { deterministic: true }, (line, lowerCaseText) =>
      typeof line === 'string' && line.toLowerCase().includes(String(lowerCaseText)) ? 1 : 0,
    )
    this.#insert = this.#db.prepare('INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  }

  /** @param deadLetter one that is not in the table */
  add(deadLetter: StoredDeadLetter): void {
    const { line, ...rest }: StoredRow = rejectedRow(deadLetter, this.#context)
    const { id, reason, key, lineNumber = null, expiresAt = null, kind } = rest
    const view: View = deadLetter.isIncludedByDefault ? 'all' : rest.status === 'quarantined' ? 'quarantined' : 'archived'
    const body = kind === 'failed-import' ? deadLetter.body : null
    const originKey = keysOf(deadLetter.content).at(-1) ?? key
    this.#insert.run(id, view, reason, key, lineNumber, expiresAt, line ?? null, JSON.stringify(rest), body, originKey)
    this.#counts.add({ view, reason, key, originKey })
  }

  /** Whether nothing was added yet. */
  get isEmpty(): boolean {
    return this.#counts.isEmpty
  }

  /** @param soon ISO 8601: what expires before then is `expiringSoon` */
  page(filter: RejectedFilter, { offset, limit, order }: PageRange, soon: string): TablePage {
    const { sql, values } = conditionOf(filter)
    const groups = this.#groups(filter)
    const hasFile = ({ key, originKey }: Group) => filter.file === undefined || filter.file === key || filter.file === originKey
    const hasReason = ({ reason }: Group) => filter.reason === undefined || filter.reason === reason
    const matching = sumOf(groups.filter((group) => hasFile(group) && hasReason(group)))
    const firstExpiresAt = this.#value('SELECT min(expires_at) AS value FROM dead_letters WHERE expires_at IS NOT NULL')
    return {
      total: this.#counts.total('all'),
      archived: this.#counts.total('archived'),
      quarantined: this.#counts.total('quarantined'),
      expiringSoon: this.countExpiring(soon),
      ...(typeof firstExpiresAt === 'string' && { firstExpiresAt }),
      reasons: countsBy(groups.filter(hasFile), ({ reason }) => reason).map(([reason, count]) => ({ reason, count })),
      files: countsBy(groups.filter(hasReason), ({ key }) => key).map(([key, count]) => ({ key, count })),
      matching,
      rows:
        offset >= matching
          ? []
          : this.#db
              .prepare(`SELECT row, line FROM dead_letters WHERE ${sql} ORDER BY ${ORDERS[order]} LIMIT ? OFFSET ?`)
              .all(...values, Math.min(limit, matching - offset), offset)
              .map((stored) => toRow(stored as unknown as Columns)),
    }
  }

  /** @param before ISO 8601 */
  countExpiring(before: string): number {
    return Number(this.#value('SELECT count(*) AS value FROM dead_letters WHERE expires_at < ?', before))
  }

  /** All rows that match, by file and line number. The table must not change during the iteration. */
  *rows(filter: RejectedFilter): Generator<RejectedRow> {
    const { sql, values } = conditionOf(filter)
    const all = this.#db.prepare(`SELECT row, line FROM dead_letters WHERE ${sql} ORDER BY ${ORDERS.file}`).iterate(...values)
    for (const stored of all) yield toRow(stored as unknown as Columns)
  }

  get(id: string): RejectedRow | undefined {
    const stored = this.#db.prepare('SELECT row, line FROM dead_letters WHERE id = ?').get(id)
    return stored && toRow(stored as unknown as Columns)
  }

  /** The SQS messages of the failed imports that match, by id. */
  failedImports(filter: RejectedFilter): ReadonlyMap<string, string> {
    const { sql, values } = conditionOf(filter)
    const all = this.#db.prepare(`SELECT id, body FROM dead_letters WHERE body IS NOT NULL AND ${sql}`).all(...values)
    return new Map(all.map(({ id, body }) => [String(id), String(body)]))
  }

  remove(ids: Iterable<string>): void {
    const remove = this.#db.prepare(`DELETE FROM dead_letters WHERE id = ? RETURNING ${FACTS}`)
    for (const id of ids) {
      const removed = remove.get(id)
      if (removed !== undefined) this.#counts.add(removed as unknown as Facts, -1)
    }
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  /** All counts of a page come from these, so that a text is searched once in each line. */
  #groups({ file: _file, reason: _reason, ...filter }: RejectedFilter): readonly Group[] {
    if (filter.text === undefined || filter.text === '') return this.#counts.groups(viewOf(filter))
    const { sql, values } = conditionOf(filter)
    return this.#db
      .prepare(`SELECT ${FACTS}, count(*) AS count FROM dead_letters WHERE ${sql} GROUP BY reason, key, origin_key`)
      .all(...values) as unknown as readonly Group[]
  }

  #value(sql: string, ...values: readonly SQLInputValue[]): unknown {
    return this.#db.prepare(sql).get(...values)?.value
  }
}

function toRow({ row, line }: Columns): StoredRow {
  const rest = JSON.parse(row) as RowWithoutLine // written by `add`
  return line === null ? rest : { ...rest, line }
}

function viewOf({ status }: RejectedFilter): View {
  return status ?? 'all'
}

function conditionOf(filter: RejectedFilter): { readonly sql: string; readonly values: readonly string[] } {
  const { file, reason, text } = filter
  const parts = [
    { sql: 'view = ?', value: viewOf(filter) },
    ...(file === undefined ? [] : [{ sql: '? IN (key, origin_key)', value: file }]),
    ...(reason === undefined ? [] : [{ sql: 'reason = ?', value: reason }]),
    ...(text === undefined || text === '' ? [] : [textCondition(text.toLowerCase())]),
  ]
  return { sql: parts.map(({ sql }) => sql).join(' AND '), values: parts.map(({ value }) => value) }
}

/** SQLite changes only the letters of ASCII to lower case, but is ten times faster than a function of JavaScript. */
function textCondition(value: string): { readonly sql: string; readonly value: string } {
  return { sql: ASCII.test(value) ? 'instr(lower(line), ?)' : 'contains(line, ?)', value }
}
