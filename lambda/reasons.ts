interface Reason {
  /** What it is about: a line, the delivery of a line, or the whole drop. */
  readonly level: 'line' | 'delivery' | 'file'
  readonly means: string
  readonly fix: string
}

/**
 * Every reason for which a line or a drop is handed back: the closed list.
 *
 * A code is a promise. It stands in dead letters, reports and alarms, so it is added, never renamed or reused. `means` and `mend` are
 * what the marketer reads; docs/reasons.md explains each with an example, and a test keeps the two together.
 */
export const REASONS = {
  invalid_json: { level: 'line', means: 'The line is not valid JSON', fix: 'Write one JSON object on each line.' },
  not_an_object: {
    level: 'line',
    means: 'The line is JSON, but not an object',
    fix: 'Write one object in braces on each line.',
  },
  invalid_encoding: { level: 'line', means: 'The line is not UTF-8 text', fix: 'Save the file as UTF-8 and drop it again.' },
  line_too_long: {
    level: 'line',
    means: 'The line is longer than the limit',
    fix: 'Shorten its longest property, or have KM_MAX_LINE_BYTES raised.',
  },
  duplicate_name: {
    level: 'line',
    means: 'A name is there twice',
    fix: 'Keep the one that is meant, and rename or remove the other.',
  },
  reserved_name: {
    level: 'line',
    means: 'A name is used that belongs to Kissmetrics',
    fix: 'Remove it, or give it another name.',
  },
  missing_identity: { level: 'line', means: 'The person is missing', fix: 'Give `_p` the identity of the person.' },
  invalid_identity: { level: 'line', means: '`_p` is not an identity', fix: 'Give it as text of at most 255 characters.' },
  missing_timestamp: {
    level: 'line',
    means: 'The time is missing',
    fix: 'Give `_t` the time in whole seconds since 1970 (UTC).',
  },
  invalid_timestamp: {
    level: 'line',
    means: '`_t` is not a time in seconds',
    fix: 'Give it in whole seconds since 1970 (UTC).',
  },
  timestamp_in_milliseconds: { level: 'line', means: '`_t` looks like milliseconds', fix: 'Give it in whole seconds.' },
  timestamp_before_2009: {
    level: 'line',
    means: '`_t` is before 2009, and Kissmetrics keeps nothing from then',
    fix: 'Correct the time, or leave the line out.',
  },
  timestamp_in_future: {
    level: 'line',
    means: '`_t` is more than a day after the file was written',
    fix: 'Correct the time, or drop the line again when it has come.',
  },
  invalid_event_name: {
    level: 'line',
    means: '`_n` is not the name of an event',
    fix: 'Give it as text of 1 to 255 characters, or leave it out.',
  },
  invalid_alias: {
    level: 'line',
    means: '`_p2` is not an identity',
    fix: 'Give it as text of 1 to 255 characters, or leave it out.',
  },
  alias_to_itself: {
    level: 'line',
    means: '`_p2` is the same identity as `_p`',
    fix: 'Give the other identity of the person, or leave `_p2` out.',
  },
  invalid_property_name: {
    level: 'line',
    means: 'A property has no usable name',
    fix: 'Give it a name of 1 to 255 characters.',
  },
  invalid_property_value: {
    level: 'line',
    means: 'A property holds a number that is too large to be kept',
    fix: 'Give a smaller number, or write it as text.',
  },
  nested_property: {
    level: 'line',
    means: 'A property holds an object or a list, which Kissmetrics does not take',
    fix: 'Write its parts as properties of their own.',
  },
  property_value_too_long: { level: 'line', means: 'The value of a property is longer than 8,192 bytes', fix: 'Shorten it.' },
  invalid_unicode: {
    level: 'line',
    means: 'A text holds half of a character (a lone surrogate)',
    fix: 'Write the character whole; a program has cut the text between its two halves.',
  },
  nothing_to_import: {
    level: 'line',
    means: 'The line names a person and a time, and nothing that happened',
    fix: 'Add `_n`, `_p2` or a property that has a value.',
  },
  request_too_large: {
    level: 'line',
    means: 'The line makes a request of more than 65,536 bytes',
    fix: 'Shorten its properties, or spread them over several lines.',
  },
  endpoint_refused: {
    level: 'delivery',
    means: 'Kissmetrics did not take the line, while it took others',
    fix: 'Look at the line; if it is right, move it back to the import queue later.',
  },
  not_line_delimited_json: {
    level: 'file',
    means: 'The file is not one JSON object per line',
    fix: 'Write it that way and drop it again; nothing of it was sent.',
  },
  unsupported_format: {
    level: 'file',
    means: 'The file is of a kind that is not read',
    fix: 'Save it as UTF-8 text with one JSON object per line, plain or gzipped, and drop it again; nothing of it was sent.',
  },
  object_unreadable: {
    level: 'file',
    means: 'The file could not be read to its end',
    fix: 'Write it anew and drop it again; what was sent before is not counted twice.',
  },
} as const satisfies Record<string, Reason>

export type ReasonCode = keyof typeof REASONS

/** A line that is not a command. A value, not an error: a bad line is an ordinary thing to meet. */
export interface Rejection {
  readonly kind: 'rejection'
  readonly reason: ReasonCode
  /** One sentence for a person, and what to do. May name a property, a type, a size or a place; never the text of a value. */
  readonly detail: string
}

/** @param seen what was met in this very line; already fit to be shown */
export function reject(reason: ReasonCode, seen?: string): Rejection {
  const { means, fix } = REASONS[reason]
  return { kind: 'rejection', reason, detail: `${means}${seen === undefined ? '' : ` (${seen})`}. ${fix}` }
}

/** What is not wrong enough to hand a line back, and is counted in the report. */
export const WARNINGS = {
  empty_property: 'a property without a value was left out',
  export_column: 'a column that Kissmetrics itself adds to exports was left out',
  underscore_name: 'a property has a name that begins with an underscore, as Kissmetrics’ own names do',
} as const satisfies Record<string, string>

export type WarningCode = keyof typeof WARNINGS
