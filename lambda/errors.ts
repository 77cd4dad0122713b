/**
 * Something that only a person can mend: a key, an address, a setting, a policy.
 *
 * Its message is shown alone, without a stack trace: what it is, what was seen, what is allowed, what to do.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}

/** The endpoint takes nothing at present. Nothing is wrong with the line; the work goes back to its queue and is tried later. */
export class OutageError extends Error {
  override readonly name = 'OutageError'
}

/** The accounting at the end of an import does not add up: a bug of ours, and never to be passed over in silence. */
export class AccountingError extends Error {
  override readonly name = 'AccountingError'
}

/** The program was asked to stop: its messages are left as they are, and come again when it runs again. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'

  constructor() {
    super('The importer was asked to stop.')
  }
}

/** Another invocation works on the very message: it is left alone, and comes again if that one fails. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

/** The time of an invocation ran out: the rest is handed on to the next one. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime'

  constructor() {
    super('The time of the invocation ran out.')
  }
}

/** A whole invocation brought the work no step forward, and a next one would not either. */
export class NoProgressError extends Error {
  override readonly name = 'NoProgressError'
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** What Node, the operating system or a library calls an error, such as `ECONNRESET`; empty where it has no such name. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
