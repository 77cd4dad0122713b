import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SetupError } from '../../lambda/errors.ts'

/** Incremented whenever a table changes. A file of another version is rejected. */
const SCHEMA_VERSION = 2

/** Times are milliseconds since 1970. */
const SCHEMA = `
  CREATE TABLE queues (
    name TEXT PRIMARY KEY, attributes TEXT NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, queue TEXT NOT NULL, attributes TEXT NOT NULL,
    sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL, received_here INTEGER NOT NULL, -- in all queues that it was in, and in this one
    first_received_at INTEGER, received_at INTEGER, receipt TEXT,
    source_arn TEXT -- the queue whose redrive policy moved it here
  ) STRICT;
  -- Apart from the messages: SQLite writes a whole row to change one of its columns, and a body can have 1 MiB.
  CREATE TABLE bodies (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TRIGGER message_deleted AFTER DELETE ON messages BEGIN DELETE FROM bodies WHERE sequence = old.sequence; END;
  CREATE INDEX messages_by_visibility ON messages (queue, visible_at, sequence);
  CREATE INDEX messages_by_age ON messages (queue, sent_at);
  CREATE TABLE move_tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    handle TEXT NOT NULL, source_arn TEXT NOT NULL, destination_arn TEXT, rate INTEGER,
    to_move INTEGER NOT NULL, moved INTEGER NOT NULL, status TEXT NOT NULL, failure TEXT, started_at INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/**
 * Queues, messages and move tasks in one SQLite file, for one server at a time.
 *
 * Each answered request is committed to the write-ahead log, so it survives a crash of the process; only a power failure can lose the last
 * ones.
 *
 * @throws SetupError if another server has opened the file, or another version wrote it
 */
export function openStore(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true })
  const file = path.join(dir, 'sqs.sqlite')
  const db = new DatabaseSync(file)
  try {
    // Exclusive: a second server on the same file would release the messages that are in flight from the first one.
    db.exec('PRAGMA busy_timeout = 500; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    db.exec('BEGIN IMMEDIATE; COMMIT')
    prepareSchema(db, file)
    return db
  } catch (cause) {
    db.close()
    if (!isBusy(cause)) throw cause
    throw new SetupError(`The state folder ${dir} is in use by another SQS emulator. Stop that one, or name another folder.`, {
      cause,
    })
  }
}

/** @see sqlite.org, "Result and Error Codes" */
const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function prepareSchema(db: DatabaseSync, file: string): void {
  const version = db.prepare('PRAGMA user_version').get()?.user_version
  const isNew = db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
  if (isNew)
    inTransaction(db, () => {
      db.exec(SCHEMA)
    })
  else if (version !== SCHEMA_VERSION) {
    throw new SetupError(
      `${file} holds queues of version ${String(version)}; this program reads version ${SCHEMA_VERSION}. ` +
        'Let the program that wrote it empty them, then delete the file.',
    )
  }
}

/** Commits all changes of `work`, or none. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
