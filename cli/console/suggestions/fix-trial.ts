import type { Rejection } from '../../../lambda/reasons.ts'
import { readFix, type Fix } from '../../../lambda/rules/fix.ts'
import { linesOf } from '../../../lambda/rules/lines-of.ts'
import { linesValidator, type RejectedLineFacts, type ValidateLines } from '../../rejects/validate.ts'
import { usualFix } from './fix-names.ts'

/** What a trial needs of a rejected line. */
export interface TriedLine extends RejectedLineFacts {
  /** Left out if the dead letter is not about one line. */
  readonly line?: string
  /** Only a part of the line is stored, so it cannot be sent. */
  readonly isTruncated: boolean
}

/** Fixes that belong together, as after `--fix`, and how many of the open lines can be sent after them. */
export interface TriedFix {
  readonly fixes: readonly string[]
  readonly count: number
}

export interface FixSuggestions {
  /** Selected lines that cannot be sent yet. */
  readonly open: number
  /** The one that fixes most lines first. A fix that helps none of the lines is not suggested. */
  readonly suggestions: readonly TriedFix[]
}

/** A line can have several mistakes, each hidden by the one before: a time that has the wrong name and is in milliseconds. */
const MAX_STEPS = 3
/** How many lines with the same usual fix are asked for what else they need. */
const MAX_ASKED = 100
const MAX_TRIED = 6
const MAX_SUGGESTIONS = 4

interface Chain {
  readonly fixes: readonly Fix[]
  /** Lines that led to it. */
  found: number
  count: number
}

/** Finds fixes for lines, and tries each of them on all the lines: first `look` at every line, then `try` every line. */
export class FixTrial {
  readonly #chosen: readonly Fix[]
  readonly #validate = linesValidator()
  readonly #chains = new Map<string, Chain>()
  /** How many lines were asked for what goes with a fix. */
  readonly #asked = new Map<string, number>()
  #tried: readonly Chain[] | undefined
  #open = 0
  /** Whether some of the lines can be sent as they are. */
  #hasReady = false

  /** @param chosen the fixes that come before, as after `--fix` */
  constructor(chosen: readonly string[] = []) {
    this.#chosen = chosen.map(readFix)
  }

  look(line: TriedLine): void {
    const text = this.#textOf(line)
    const rejection = text === undefined ? undefined : this.#rejectionOf(text, line)
    if (text !== undefined && rejection === undefined) {
      this.#hasReady = true
      return
    }
    this.#open += 1
    if (text === undefined || rejection === undefined) return
    const first = usualFix(rejection.reason, rejection.detail, text)
    if (first === undefined) return
    const asked = this.#asked.get(first) ?? 0
    if (asked === MAX_ASKED) return
    this.#asked.set(first, asked + 1)
    const fixes = chainOf(text, line, first, this.#validate)
    if (fixes !== undefined) this.#addChain(fixes)
  }

  try(line: TriedLine): void {
    this.#tried ??= [...this.#chains.values()].toSorted((one, other) => other.found - one.found).slice(0, MAX_TRIED)
    if (this.#tried.length === 0) return
    const text = this.#textOf(line)
    if (text === undefined) return
    const helpful = this.#tried.filter(({ fixes }) => this.#canBeSentAfter(text, line, fixes))
    if (helpful.length === 0 || (this.#hasReady && this.#rejectionOf(text, line) === undefined)) return
    for (const chain of helpful) chain.count += 1
  }

  result(): FixSuggestions {
    const suggestions = (this.#tried ?? [])
      .map(({ fixes, count }) => ({ fixes: fixes.map(({ name }) => name), count }))
      .toSorted((one, other) => other.count - one.count || one.fixes.length - other.fixes.length)
      .slice(0, MAX_SUGGESTIONS)
    return { open: this.#open, suggestions }
  }

  #addChain(fixes: readonly Fix[]): void {
    const name = JSON.stringify(fixes.map((fix) => fix.name))
    const chain = this.#chains.get(name)
    if (chain === undefined) this.#chains.set(name, { fixes, found: 1, count: 0 })
    else chain.found += 1
  }

  #canBeSentAfter(text: string, line: TriedLine, fixes: readonly Fix[]): boolean {
    const fixed = applied(text, fixes)
    return fixed !== text && this.#rejectionOf(fixed, line) === undefined
  }

  #rejectionOf(text: string, line: TriedLine): Rejection | undefined {
    return this.#validate(linesOf(text), line)
  }

  #textOf({ line, isTruncated }: TriedLine): string | undefined {
    return line === undefined || isTruncated ? undefined : applied(line, this.#chosen)
  }
}

/** The suggestions for a few lines. */
export function suggestFixes(lines: readonly TriedLine[]): FixSuggestions {
  const trial = new FixTrial()
  for (const line of lines) trial.look(line)
  for (const line of lines) trial.try(line)
  return trial.result()
}

/** The usual fix of each mistake in turn. @returns undefined if the line is still rejected after them */
function chainOf(text: string, line: TriedLine, first: string, validate: ValidateLines): readonly Fix[] | undefined {
  const fixes = [readFix(first)]
  let current = text
  for (;;) {
    const next = applied(current, fixes.slice(-1))
    if (next === current) return undefined
    const rejection = validate(linesOf(next), line)
    if (rejection === undefined) return fixes
    const name = usualFix(rejection.reason, rejection.detail, next)
    if (name === undefined || fixes.some((fix) => fix.name === name) || fixes.length === MAX_STEPS) return undefined
    fixes.push(readFix(name))
    current = next
  }
}

function applied(text: string, fixes: readonly Fix[]): string {
  return fixes.reduce((current, { apply }) => apply(current), text)
}
