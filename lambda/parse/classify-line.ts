import type { Line } from '../read/lines.ts'
import { toEntry, type Entry } from './entry.ts'
import { isBlank, parseLine, type LineRules } from './line.ts'

/** As long as a real key, because it is part of each request. */
const ANY_KEY = '0'.repeat(40)

/**
 * One character of a line becomes at most nine bytes of a request (three bytes of UTF-8, each percent-encoded), and a request has less
 * syntax around its values than JSON. So the request of a line of this length is below the limit of 65,536 bytes.
 */
const MAX_SMALL_LINE_CHARACTERS = 7_000

const NO_REQUESTS = Object.freeze([])

/**
 * Validates a line with the importer's own code.
 *
 * Building the requests takes a third of the time, and only their size can make a line invalid. So they are built for long lines only, and
 * all other entries have none.
 */
export function classifyLine(line: Line, rules: LineRules): Entry {
  const { text, fault } = line
  if (fault !== undefined || text.length > MAX_SMALL_LINE_CHARACTERS || isBlank(text)) return toEntry(line, rules, ANY_KEY)
  const parsed = parseLine(text, rules)
  return parsed.kind === 'rejection'
    ? { kind: 'rejected', line, rejection: parsed }
    : { kind: 'ready', line, parsed, requests: NO_REQUESTS }
}

export function* classifyLines(lines: readonly Line[], rules: LineRules): Generator<Entry> {
  for (const line of lines) yield classifyLine(line, rules)
}
