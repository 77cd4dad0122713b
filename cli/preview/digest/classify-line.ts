import { toEntry, type Entry } from '../../../lambda/parse/entry.ts'
import { isBlank, parseLine, type LineRules } from '../../../lambda/parse/line.ts'
import type { Line } from '../../../lambda/read/lines.ts'
import { EMULATOR_KEY } from '../../../emulators/kissmetrics/key.ts'

/**
 * A character of a line makes at most nine bytes of a request (three of UTF-8, each escaped), and what stands around the values is
 * shorter in a request than in JSON. So a line of this length stays below the 65,536 bytes that a request may have.
 */
const SURELY_SMALL_CHARACTERS = 7_000

const NO_REQUESTS = Object.freeze([])

/**
 * What an import would do with a line. The importer's own code decides; the requests, which cost a third of the time, are only made
 * where they can be too large, so the other entries have none.
 */
export function classifyLine(line: Line, rules: LineRules): Entry {
  const { text, fault } = line
  if (fault !== undefined || text.length > SURELY_SMALL_CHARACTERS || isBlank(text)) return toEntry(line, rules, EMULATOR_KEY)
  const parsed = parseLine(text, rules)
  return parsed.kind === 'rejection'
    ? { kind: 'rejected', line, rejection: parsed }
    : { kind: 'ready', line, parsed, requests: NO_REQUESTS }
}

export function* classifyLines(lines: readonly Line[], rules: LineRules): Generator<Entry> {
  for (const line of lines) yield classifyLine(line, rules)
}
