/**
 * Something that only a person can fix: a key, an address, a setting, a policy.
 *
 * Its message is shown alone, without a stack trace. It says what is wrong, what was found, what is allowed, and what to do.
 */
export class SetupError extends Error {
  override readonly name: string = 'SetupError'
  readonly code: string = 'setup_error'
}

/** A newer version of the importer has written something that this version cannot read. Only deploying that version again helps. */
export class NewerVersionError extends SetupError {
  override readonly name = 'NewerVersionError'
  override readonly code = 'newer_version'

  /** @param what the document or message, at the start of a sentence */
  constructor(what: string) {
    super(`${what} was written by a newer version of the importer. Use that version again, or a later one.`)
  }
}

/** The endpoint accepts nothing at the moment. The lines are fine; the work is requeued and retried later. */
export class OutageError extends Error {
  override readonly name = 'OutageError'
  readonly code = 'endpoint_down'
}

/** The line counts at the end of an import do not add up. This is a bug in the importer, and must never go unnoticed. */
export class AccountingError extends Error {
  override readonly name = 'AccountingError'
  readonly code = 'accounting_error'
}

/** A whole invocation made no progress, and the next one would not make any either. */
export class NoProgressError extends Error {
  override readonly name = 'NoProgressError'
  readonly code = 'no_progress'
}

/** A bare S3 event could not be imported to its end. AWS Lambda sends the event again. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError'
  readonly code = 'unfinished'

  constructor(outcome: string) {
    super(`The event is not done (${outcome}). AWS Lambda sends it again.`)
  }
}

/** Abort reason: the process is asked to stop. Its messages stay in the queue and are delivered again when it runs again. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly code = 'interrupted'

  constructor() {
    super('The importer was asked to stop.')
  }
}

/** Abort reason: the time of the invocation runs out. The rest of the work is requeued. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime'
  readonly code = 'out_of_time'

  constructor() {
    super('The time of the invocation ran out.')
  }
}

/** Abort reason: a person has paused all imports. The rest of the work is requeued. */
export class PausedError extends Error {
  override readonly name = 'PausedError'
  readonly code = 'paused'
  /** ISO 8601. */
  readonly since: string

  constructor(since: string) {
    super(`All imports are paused since ${since}.`)
    this.since = since
  }
}

/** Abort reason: a person has cancelled the import of this file. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
  readonly code = 'cancelled'
  /** ISO 8601. */
  readonly at: string

  constructor(at: string) {
    super(`The import of this file was cancelled at ${at}.`)
    this.at = at
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The code that Node, the operating system or a library gives an error, for example `ECONNRESET`; empty if it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
