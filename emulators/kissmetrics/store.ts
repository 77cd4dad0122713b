import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

// `folded` is a name in lower case, because names are not case-sensitive. An alias is stored in both directions, so that each side finds the other.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    duplicate_key TEXT NOT NULL UNIQUE,
    person TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL, time INTEGER NOT NULL, properties TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_person ON events (person);
  CREATE TABLE IF NOT EXISTS properties (
    person TEXT NOT NULL, time INTEGER NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (person, time, folded)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS aliases (identity TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (identity, other)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counts (
    command TEXT NOT NULL, outcome TEXT NOT NULL, why TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (command, outcome, why)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, parameters TEXT NOT NULL,
    outcome TEXT NOT NULL, why TEXT NOT NULL
  ) STRICT;
`

/**
 * Opens the SQLite file of the emulator. With the write-ahead log a commit survives a crash of the process; only a power failure can lose the
 * last ones.
 *
 * @throws Error if the folder is not writable, or another process has opened the file
 */
export function openStore(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true })
  const db = new DatabaseSync(path.join(dir, 'kissmetrics.sqlite'))
  // Exclusive: without other readers, a statement takes no locks of the operating system.
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
  db.exec(SCHEMA)
  return db
}
