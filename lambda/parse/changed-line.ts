import type { Rejection } from '../reasons.ts'
import { parseLine, type LineChange, type LineRules, type ParsedLine } from './line.ts'

/** A line that an import rule leaves out. */
export interface SkippedLine {
  readonly kind: 'skipped'
  readonly by: readonly string[]
}

/**
 * Parses a line after the import rules of its file.
 *
 * Rules for invalid lines are tried on a line only if it would be rejected, and count only if they make it valid. Otherwise it is rejected
 * for what is wrong with its own text, which is what its dead letter contains.
 *
 * @param text one line without its line end, not blank
 */
export function readLine(text: string, rules: LineRules): ParsedLine | Rejection | SkippedLine {
  const { changes } = rules
  if (changes === undefined) return parseLine(text, rules)
  const every = changes.every?.(text)
  const result = every === undefined ? parseLine(text, rules) : parseChanged(every, rules)
  if (result.kind !== 'rejection') return result
  const fixed = changes.invalid(text)
  const retried = fixed === undefined ? result : parseChanged(fixed, rules)
  if (retried.kind !== 'rejection') return retried
  const own = every === undefined ? result : parseLine(text, rules)
  return own.kind === 'rejection' ? own : result
}

/**
 * The text of a line as it is sent: what import rules have made of it, for someone who has only the line and its rules.
 *
 * @param text one line without its line end, not blank
 * @returns several if the line was several objects, none if the rules skip it; undefined if `readLine` rejects it
 */
export function sentForm(text: string, rules: LineRules): readonly string[] | undefined {
  const read = readLine(text, rules)
  if (read.kind === 'rejection') return undefined
  return read.kind === 'skipped' ? [] : (read.sentAs ?? [text])
}

/** Several objects that were one line are delivered together, or not at all. */
function parseChanged({ lines, by }: LineChange, rules: LineRules): ParsedLine | Rejection | SkippedLine {
  const parsed: ParsedLine[] = []
  for (const text of lines) {
    const line = parseLine(text, rules)
    if (line.kind === 'rejection') return line
    parsed.push(line)
  }
  const [first] = parsed
  if (first === undefined) return { kind: 'skipped', by }
  return {
    kind: 'parsed',
    commands: parsed.flatMap(({ commands }) => commands),
    time: first.time,
    warnings: parsed.flatMap(({ warnings }) => warnings),
    changedBy: by,
    sentAs: lines,
  }
}
