import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { S3Error } from './xml.ts'

/** The version of an object that was written without versioning. */
export const NO_VERSION = 'null'

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  readonly versionId: string
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
  /** Name of the file with the bytes; undefined for a delete marker. */
  readonly blob: string | undefined
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** Headers that a reader gets back: content type, metadata. */
  readonly headers: Readonly<Record<string, string>>
}

/** One version of an object. */
export type ObjectVersion = Pick<StoredObject, 'bucket' | 'key' | 'versionId'>

export interface Tag {
  readonly Key: string
  readonly Value: string
}

export interface WrittenObject {
  readonly sequence: number
  readonly key: string
  readonly size: number
}

export interface Bucket {
  readonly name: string
  readonly createdAt: number
  readonly versioning: 'Enabled' | 'Suspended' | undefined
  /** JSON. */
  readonly notifications: string
}

// cspell:ignore autocheckpoint
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, versioning TEXT, notifications TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
    is_latest INTEGER NOT NULL, is_delete_marker INTEGER NOT NULL,
    blob TEXT, size INTEGER NOT NULL, etag TEXT NOT NULL, last_modified INTEGER NOT NULL, headers TEXT NOT NULL,
    UNIQUE (bucket, key, version_id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tags (
    bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (bucket, key, version_id, name)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS latest_objects ON objects (bucket, key) WHERE is_latest = 1;
  CREATE TABLE IF NOT EXISTS small_blobs (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL, PRIMARY KEY (upload, number)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS pending_events (id INTEGER PRIMARY KEY AUTOINCREMENT, queue_arn TEXT NOT NULL, body TEXT NOT NULL) STRICT;
`

/**
 * The index of the emulator: buckets, objects with their versions, unfinished uploads, and undelivered events.
 *
 * The bytes of an object are written first, then the object and its event in one transaction. A crash leaves at most a file without an
 * object, which the next start removes.
 */
export class Store {
  readonly db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Every request looks its bucket up. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true })
    this.db = new DatabaseSync(path.join(dir, 's3.sqlite'))
    // Exclusive: without other readers, a statement takes no locks of the operating system.
    this.db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;',
    )
    this.db.exec(SCHEMA)
  }

  close(): void {
    this.db.close()
  }

  transaction<T>(work: () => T): T {
    this.sql('BEGIN IMMEDIATE').run()
    try {
      const result = work()
      this.sql('COMMIT').run()
      return result
    } catch (error) {
      this.db.exec('ROLLBACK')
      throw error
    }
  }

  /** Prepares a statement once. */
  sql(text: string): StatementSync {
    const prepared = this.#statements.get(text) ?? this.db.prepare(text)
    this.#statements.set(text, prepared)
    return prepared
  }

  findBucket(name: string): Bucket | undefined {
    const cached = this.#buckets.get(name)
    if (cached !== undefined) return cached
    const row = this.sql('SELECT * FROM buckets WHERE name = ?').get(name)
    if (row === undefined) return undefined
    const bucket = toBucket(row)
    this.#buckets.set(name, bucket)
    return bucket
  }

  /** @param sql a statement that changes buckets */
  changeBuckets(sql: string, ...values: readonly (string | number)[]): void {
    this.sql(sql).run(...values)
    this.#buckets.clear()
  }

  bucket(name: string): Bucket {
    const bucket = this.findBucket(name)
    if (bucket === undefined) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
    return bucket
  }

  buckets(): readonly Bucket[] {
    return this.sql('SELECT * FROM buckets ORDER BY name').all().map(toBucket)
  }

  latest(bucket: string, key: string): StoredObject | undefined {
    const row = this.sql('SELECT * FROM objects WHERE bucket = ? AND key = ? AND is_latest = 1').get(bucket, key)
    return row && toObject(row)
  }

  version(bucket: string, key: string, versionId: string): StoredObject | undefined {
    const row = this.sql('SELECT * FROM objects WHERE bucket = ? AND key = ? AND version_id = ?').get(bucket, key, versionId)
    return row && toObject(row)
  }

  /** Adds an object as the latest version of its key. @returns the files that are no longer needed */
  add(object: Omit<StoredObject, 'isLatest'>): readonly string[] {
    const { bucket, key, versionId, isDeleteMarker, blob, size, etag, lastModified, headers } = object
    const replaced = versionId === NO_VERSION ? this.version(bucket, key, versionId) : undefined // any other version is new
    if (replaced !== undefined) this.#delete(replaced)
    this.sql('UPDATE objects SET is_latest = 0 WHERE bucket = ? AND key = ? AND is_latest = 1').run(bucket, key)
    this.sql(
      `INSERT INTO objects (bucket, key, version_id, is_latest, is_delete_marker, blob, size, etag, last_modified, headers)
         VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
    ).run(bucket, key, versionId, isDeleteMarker ? 1 : 0, blob ?? null, size, etag, lastModified, JSON.stringify(headers))
    return replaced?.blob === undefined ? [] : [replaced.blob]
  }

  /** Deletes one version permanently; the version before it becomes the latest. @returns the files that are no longer needed */
  remove(object: StoredObject): readonly string[] {
    this.#delete(object)
    if (object.isLatest) {
      this.sql(
        `UPDATE objects SET is_latest = 1 WHERE sequence =
             (SELECT max(sequence) FROM objects WHERE bucket = ? AND key = ?)`,
      ).run(object.bucket, object.key)
    }
    return object.blob === undefined ? [] : [object.blob]
  }

  tagsOf({ bucket, key, versionId }: ObjectVersion): readonly Tag[] {
    return this.sql('SELECT name, value FROM tags WHERE bucket = ? AND key = ? AND version_id = ? ORDER BY name')
      .all(bucket, key, versionId)
      .map((row) => ({ Key: String(row.name), Value: String(row.value) }))
  }

  /** Replaces all tags of a version. */
  tag(version: ObjectVersion, tags: readonly Tag[]): void {
    const { bucket, key, versionId } = version
    this.#removeTags(version)
    for (const { Key, Value } of tags)
      this.sql('INSERT INTO tags (bucket, key, version_id, name, value) VALUES (?, ?, ?, ?, ?)').run(
        bucket,
        key,
        versionId,
        Key,
        Value,
      )
  }

  writtenAfter(sequence: number, bucket: string, prefix: string): readonly WrittenObject[] {
    return this.sql(
      'SELECT sequence, key, size FROM objects WHERE sequence > ? AND bucket = ? AND is_latest = 1 AND is_delete_marker = 0 ORDER BY sequence',
    )
      .all(sequence, bucket)
      .map((row) => ({ sequence: Number(row.sequence), key: String(row.key), size: Number(row.size) }))
      .filter(({ key }) => key.startsWith(prefix))
  }

  lastSequence(): number {
    return Number(this.sql('SELECT coalesce(max(sequence), 0) AS sequence FROM objects').get()?.sequence)
  }

  /** Every file that is in use. */
  blobs(): ReadonlySet<string> {
    const rows = this.sql('SELECT blob FROM objects WHERE blob IS NOT NULL UNION SELECT blob FROM parts').all()
    return new Set(rows.map(({ blob }) => String(blob)))
  }

  #removeTags({ bucket, key, versionId }: ObjectVersion): void {
    this.sql('DELETE FROM tags WHERE bucket = ? AND key = ? AND version_id = ?').run(bucket, key, versionId)
  }

  #delete(object: StoredObject): void {
    const { bucket, key, versionId } = object
    this.#removeTags(object)
    this.sql('DELETE FROM objects WHERE bucket = ? AND key = ? AND version_id = ?').run(bucket, key, versionId)
  }
}

export function toObject(row: Record<string, SQLOutputValue>): StoredObject {
  return {
    bucket: String(row.bucket),
    key: String(row.key),
    versionId: String(row.version_id),
    isLatest: row.is_latest === 1,
    isDeleteMarker: row.is_delete_marker === 1,
    blob: typeof row.blob === 'string' ? row.blob : undefined,
    size: Number(row.size),
    etag: String(row.etag),
    lastModified: Number(row.last_modified),
    headers: JSON.parse(String(row.headers)) as Record<string, string>, // only `add` writes the column
  }
}

function toBucket(row: Record<string, SQLOutputValue>): Bucket {
  const { versioning } = row
  return {
    name: String(row.name),
    createdAt: Number(row.created_at),
    versioning: versioning === 'Enabled' || versioning === 'Suspended' ? versioning : undefined,
    notifications: String(row.notifications),
  }
}
