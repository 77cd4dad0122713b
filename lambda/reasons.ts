interface Reason {
  /** What the reason applies to: a line, a CSV row that cannot become a line, the delivery of a line, or a whole file. */
  readonly level: 'line' | 'row' | 'delivery' | 'file'
  readonly means: string
  readonly fix: string
}

/**
 * Every reason for rejecting a line or a file: the closed list.
 *
 * A code is a contract: dead letters, reports and alarms contain it. Codes are added, never renamed or reused. Marketing people read
 * `means` and `fix`. docs/reasons.md explains each reason with an example, and a test keeps the two in step.
 */
export const REASONS = {
  invalid_json: { level: 'line', means: 'The line is not valid JSON', fix: 'Write one JSON object per line.' },
  not_an_object: {
    level: 'line',
    means: 'The line is valid JSON, but not an object',
    fix: 'Write one object in braces { } per line.',
  },
  invalid_encoding: { level: 'line', means: 'The line is not UTF-8 text', fix: 'Save the file as UTF-8 and import it again.' },
  line_too_long: {
    level: 'line',
    means: 'The line is longer than the limit',
    fix: 'Shorten its longest property, or ask for a higher KM_MAX_LINE_BYTES setting.',
  },
  invalid_row: {
    level: 'row',
    means: 'The row does not fit the columns of the file',
    fix: 'Write it with one cell for each column, or as a JSON line.',
  },
  duplicate_name: {
    level: 'line',
    means: 'The line uses the same name twice',
    fix: 'Keep the one you mean, and rename or remove the other.',
  },
  reserved_name: {
    level: 'line',
    means: 'The line uses a name that is reserved for Kissmetrics',
    fix: 'Remove or rename it.',
  },
  missing_identity: {
    level: 'line',
    means: 'The person is missing',
    fix: 'Set `_p` to the person’s identity, for example an email address.',
  },
  invalid_identity: {
    level: 'line',
    means: '`_p` is not a valid identity',
    fix: 'Use text of 1 to 255 characters, for example an email address.',
  },
  missing_timestamp: {
    level: 'line',
    means: 'The time is missing',
    fix: 'Set `_t` to a Unix timestamp in seconds, for example 1393344604.',
  },
  invalid_timestamp: {
    level: 'line',
    means: '`_t` is not a time in seconds',
    fix: 'Use a Unix timestamp in seconds, for example 1393344604.',
  },
  timestamp_in_milliseconds: {
    level: 'line',
    means: '`_t` looks like milliseconds',
    fix: 'Use whole seconds.',
  },
  timestamp_before_2009: {
    level: 'line',
    means: '`_t` is before 2009, and Kissmetrics stores nothing that old',
    fix: 'Correct the time, or remove the line.',
  },
  timestamp_in_future: {
    level: 'line',
    means: '`_t` is more than a day after the file was uploaded',
    fix: 'Correct the time, or import the line again after that date.',
  },
  invalid_event_name: {
    level: 'line',
    means: '`_n` is not a valid event name',
    fix: 'Use text of 1 to 255 characters, or remove `_n`.',
  },
  invalid_alias: {
    level: 'line',
    means: '`_p2` is not a valid identity',
    fix: 'Use text of 1 to 255 characters, or remove `_p2`.',
  },
  alias_to_itself: {
    level: 'line',
    means: '`_p2` is the same as `_p`',
    fix: 'Set `_p2` to the person’s other identity, or remove it.',
  },
  invalid_property_name: {
    level: 'line',
    means: 'A property name is empty or too long',
    fix: 'Use a name of 1 to 255 characters.',
  },
  invalid_property_value: {
    level: 'line',
    means: 'A property is a number that is too large',
    fix: 'Use a smaller number, or write it in double quotes as text.',
  },
  nested_property: {
    level: 'line',
    means: 'A property is an object or a list, which Kissmetrics cannot store',
    fix: 'Write each part as a separate property.',
  },
  property_value_too_long: { level: 'line', means: 'A property value is longer than 8,192 bytes', fix: 'Shorten it.' },
  invalid_unicode: {
    level: 'line',
    means: 'A text contains a broken character, usually half an emoji',
    fix: 'Correct or delete the character. Some program cut the text in the wrong place.',
  },
  nothing_to_import: {
    level: 'line',
    means: 'The line has a person and a time, but nothing to import',
    fix: 'Add an event (`_n`), an alias (`_p2`) or a property with a value.',
  },
  request_too_large: {
    level: 'line',
    means: 'The line is too large to send: it needs more than 65,536 bytes',
    fix: 'Shorten its properties, or split them over several lines.',
  },
  endpoint_refused: {
    level: 'delivery',
    means: 'Kissmetrics refused this line but accepted others',
    fix: 'Check the line. If it is correct, send it again later.',
  },
  not_line_delimited_json: {
    level: 'file',
    means: 'The file is not one JSON object per line',
    fix: 'Nothing was sent. Convert the file to one JSON object per line and import it again.',
  },
  invalid_csv: {
    level: 'file',
    means: 'The columns of the CSV file are not those that Kissmetrics needs',
    fix: 'Nothing was sent. Correct the file and import it again.',
  },
  other_product: {
    level: 'file',
    means: 'The file has the names of another product instead of `_p`, `_t` and `_n`',
    fix: 'Nothing was sent. Convert the file and import it again.',
  },
  unsupported_format: {
    level: 'file',
    means: 'The file format is not supported',
    fix: 'Nothing was sent. Export the file as UTF-8 text with one JSON object per line, plain or compressed as .gz, .zip, .zst or .br, and import it again.',
  },
  object_unreadable: {
    level: 'file',
    means: 'The file could not be read to the end',
    fix: 'Upload it again. Lines that were already sent do not count twice.',
  },
  not_for_import: {
    level: 'file',
    means: 'The object is not a file of lines for Kissmetrics',
    fix: 'Nothing was sent. If it should be imported, upload it under a name that ends with .jsonl.',
  },
} as const satisfies Record<string, Reason>

export type ReasonCode = keyof typeof REASONS

/** Why a line or a file was rejected. A value, not an error: bad lines are normal. */
export interface Rejection {
  readonly kind: 'rejection'
  readonly reason: ReasonCode
  /** For people: what is wrong, and what to do. May contain a property name, a type, a size or a position; never a value. */
  readonly detail: string
}

/** How the specifics of a file say what to do about it, after what is wrong. */
const NEXT_STEP = /; (?:to convert it, run: |write each |remove |compress |in Excel, )/
const NOTHING_SENT = 'Nothing was sent.'

/** @param specifics what is wrong with this line or file in particular, and perhaps the next step, which replaces the usual one; safe to show */
export function reject(reason: ReasonCode, specifics?: string): Rejection {
  const { level, means, fix } = REASONS[reason]
  if (specifics === undefined) return { kind: 'rejection', reason, detail: `${means}. ${fix}` }
  const step = level === 'file' && NEXT_STEP.test(specifics) ? NOTHING_SENT : fix
  return { kind: 'rejection', reason, detail: `${means} (${specifics}). ${step}` }
}

/** What is not a reason to reject a line, but is counted in the report. */
export const WARNINGS = {
  empty_property: 'a property without a value was skipped',
  export_column: 'a column that Kissmetrics adds to its own exports was skipped',
  placeholder_identity: 'a person is identified by a placeholder like null, undefined or guest, so many people become one',
  unusual_identity:
    'an identity has spaces, quotes or brackets around it, or invisible characters in it, and may become a second person',
  similar_identities: 'the two identities of an alias differ only in capitals, spaces, accents or the form of a number',
  counted_once: 'a line has the person, second and event (or property) of an earlier line, so Kissmetrics keeps one of the two',
  underscore_name: 'a property name starts with an underscore, like the names that Kissmetrics uses itself',
} as const satisfies Record<string, string>

export type WarningCode = keyof typeof WARNINGS
