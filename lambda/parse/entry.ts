import type { CountedOnce } from './counted-once.ts'
import { readLine } from './changed-line.ts'
import { isBlank, type LineRules, type ParsedLine } from './line.ts'
import { requestsFor, type Request } from './request.ts'
import type { Line } from '../read/lines.ts'
import { reject, type Rejection } from '../reasons.ts'

/** A line, and what to do with it. */
export type Entry =
  | { readonly kind: 'blank'; readonly line: Line; /** The import rules that skip it. */ readonly skippedBy?: readonly string[] }
  | { readonly kind: 'rejected'; readonly line: Line; readonly rejection: Rejection }
  | { readonly kind: 'ready'; readonly line: Line; readonly parsed: ParsedLine; readonly requests: readonly Request[] }

/** Parses a line by the import rules of its file, unless the reader has already found a fault. */
export function toEntry(line: Line, rules: LineRules, apiKey: string): Entry {
  if (line.fault !== undefined) return { kind: 'rejected', line, rejection: reject(line.fault.reason, line.fault.specifics) }
  if (isBlank(line.text)) return { kind: 'blank', line }
  const parsed = readLine(line.text, rules)
  if (parsed.kind === 'rejection') return { kind: 'rejected', line, rejection: parsed }
  if (parsed.kind === 'skipped') return { kind: 'blank', line, skippedBy: parsed.by }
  const requests = requestsFor(parsed, apiKey)
  return 'kind' in requests ? { kind: 'rejected', line, rejection: requests } : { kind: 'ready', line, parsed, requests }
}

/**
 * Parses lines one by one, when they are needed. Parsed ahead, a whole batch would cost the garbage collector more.
 *
 * @param earlier the lines before them: those that are counted as one with an earlier line get the warning `counted_once`
 */
export function* toEntries(lines: readonly Line[], rules: LineRules, apiKey: string, earlier?: CountedOnce): Generator<Entry> {
  for (const line of lines) {
    const entry = toEntry(line, rules, apiKey)
    yield entry.kind === 'ready' && earlier?.has(entry.parsed) === true ? withWarning(entry) : entry
  }
}

function withWarning(entry: Extract<Entry, { readonly kind: 'ready' }>): Entry {
  return { ...entry, parsed: { ...entry.parsed, warnings: [...entry.parsed.warnings, 'counted_once'] } }
}
