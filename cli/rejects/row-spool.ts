import { DatabaseSync } from 'node:sqlite'
import { SetupError } from '../../lambda/errors.ts'

/** Where a dead letter belongs in the order of the files. */
export interface RowPosition {
  /** Key of its file. */
  readonly key: string
  /** Line number; left out if it is about the whole file. */
  readonly line?: number
}

/** SQLite, "Result and Error Codes": the disk is full. */
const SQLITE_FULL = 13

/**
 * Rows that are written in one order and read in another, on disk: a full dead-letter queue holds 20 GB.
 *
 * The SQLite database has no name: it is a temporary file that no other program can open and that disappears with the process.
 */
export class RowSpool implements Disposable {
  readonly #db = new DatabaseSync('')
  readonly #insert
  #count = 0

  constructor() {
    this.#db.exec('PRAGMA journal_mode = OFF')
    this.#db.exec('CREATE TABLE pulled (key TEXT NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL) STRICT')
    this.#db.exec('CREATE INDEX pulled_in_file_order ON pulled (key, line)')
    this.#db.exec('BEGIN')
    this.#insert = this.#db.prepare('INSERT INTO pulled VALUES (?, ?, ?)')
  }

  get count(): number {
    return this.#count
  }

  /** @throws SetupError if the disk is full */
  add({ key, line = 0 }: RowPosition, text: string): void {
    try {
      this.#insert.run(key, line, text)
      this.#count += 1
    } catch (cause) {
      if ((cause as { readonly errcode?: number }).errcode !== SQLITE_FULL) throw cause
      throw new SetupError(
        'The folder for temporary files has too little space for these dead letters. Set TMPDIR to a folder with more space, or choose fewer with --reason or --key.',
        { cause },
      )
    }
  }

  /** The rows by file, then by line number. */
  *inFileOrder(): Generator<string> {
    for (const { text } of this.#db.prepare('SELECT text FROM pulled ORDER BY key, line, rowid').iterate()) yield String(text)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
