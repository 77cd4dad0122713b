import { SetupError } from '../errors.ts'
import type { LineChange, LineChanges } from '../parse/line.ts'
import { linesOf } from './lines-of.ts'
import { readRules } from './rule-set.ts'
import type { ReadRule, Rule } from './rule.ts'

/** The objects of one line are delivered together, so there is a limit: with more, the line is rejected. */
const MAX_OBJECTS = 100

/**
 * What rules make of the lines of a file, in their order. Depends on the line only, so that every try of a line is the same.
 *
 * @returns undefined if there are no rules
 * @throws SetupError if a rule cannot be used
 */
export function lineChanges(rules: readonly Rule[]): LineChanges | undefined {
  if (rules.length === 0) return undefined
  const all = readRules(rules)
  if (typeof all === 'string') throw new SetupError(`The import rules of a file cannot be used. ${all}`)
  if (all.length === 0) return undefined
  const every = all.filter(({ isForAll }) => isForAll)
  return {
    ...(every.length > 0 && { every: (text: string) => applied(every, text) }),
    // What is for all lines comes once more at the end: a line that is an object only after a later rule must not escape it.
    invalid: (text) => applied([...all, ...every], text),
  }
}

/** Reads the rules of many lines, which are usually the same. */
export function readingOnce(): (rules: readonly Rule[] | undefined) => LineChanges | undefined {
  const known = new Map<string, LineChanges | undefined>()
  return (rules = []) => {
    const name = JSON.stringify(rules)
    if (!known.has(name)) known.set(name, lineChanges(rules))
    return known.get(name)
  }
}

function applied(rules: readonly ReadRule[], text: string): LineChange | undefined {
  let lines: readonly string[] = [text]
  const by = new Set<string>()
  for (const { effect, label } of rules) {
    const before = lines
    lines =
      effect.kind === 'filter'
        ? before.filter((line) => !effect.skips(line))
        : before.flatMap((line) => {
            const changed = effect.apply(line)
            return changed === line ? [line] : linesOf(changed)
          })
    if (lines.length > MAX_OBJECTS) return undefined
    if (lines.length !== before.length || lines.some((line, index) => line !== before[index])) by.add(label)
  }
  return by.size === 0 ? undefined : { lines, by: [...by] }
}
