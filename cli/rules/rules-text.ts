import { KINDS, type Kind } from '../../lambda/rules/kinds.ts'
import type { RulesDocument } from '../../lambda/rules/rule-set.ts'
import type { Rule } from '../../lambda/rules/rule.ts'
import { fitted, wrappedBeside } from '../terminal/layout.ts'
import { counted, grouped, printable, shellWord } from '../terminal/output.ts'
import type { Trial } from './try-rules.ts'

/** The rules of all prefixes, in their order. */
export function rulesText({ prefixes }: RulesDocument, deploymentOptions = ''): string {
  if (prefixes.length === 0)
    return `No import rules. To add one, run: npx km-import rules add incoming/daily/ ms-timestamps${deploymentOptions}\n`
  return prefixes
    .map(({ prefix, rules }) => `${printable(prefix)}\n${rules.map((rule) => `  ${ruleText(rule)}\n`).join('')}`)
    .join('\n')
}

function ruleText({ fix, lines, mapping }: Rule): string {
  const columns = Object.entries(mapping?.columns ?? {}).map(([name, target]) => `${name} = ${target}`)
  const meaning = columns.length === 0 ? '' : `  ${fitted(columns.join(', '), MAPPING_COLUMNS)}`
  return `${printable(fix)}${meaning}${lines === 'all' ? '  (all lines)' : ''}`
}

/** What a trial has shown, in one sentence or two. */
export function trialText(prefix: string, trial: Trial): string {
  const { files, lines, rejectedBefore, rejectedAfter, validChanged, validRejected, unchanged, skipped } = trial
  if (files.length === 0) return `There are no files under ${printable(prefix)} yet, so nothing could be checked.\n`
  const parts = [
    `${grouped(rejectedBefore)} rejected now, ${grouped(rejectedAfter)} with this`,
    `${grouped(unchanged)} unchanged`,
    counted(validChanged, 'valid line changes', 'valid lines change'),
    ...(skipped > 0 ? [`${counted(skipped, 'line is', 'lines are')} left out`] : []),
    ...(validRejected > 0 ? [counted(validRejected, 'valid line becomes invalid', 'valid lines become invalid')] : []),
  ]
  return `Of ${counted(lines, 'line')} in the last ${counted(files.length, 'file')}: ${parts.join('; ')}.\n`
}

/** Which valid lines would be rejected, and why. */
export function newlyRejectedText({ validRejected, firstRejected }: Trial): string {
  const rows = firstRejected.map(
    ({ file, line, reason = 'the whole file would be rejected' }) => `  ${printable(file)}, line ${grouped(line)}: ${reason}\n`,
  )
  const more = validRejected - firstRejected.length
  return `${rows.join('')}${more > 0 ? `  and ${counted(more, 'other line', 'other lines')}\n` : ''}`
}

/** Rules that are not saved. */
interface RefusedRules {
  readonly prefix: string
  readonly added: readonly Rule[]
  /** Rules of a shorter prefix that would no longer apply. */
  readonly lost: readonly Rule[]
  /** Options that choose the deployment, for commands in hints. */
  readonly deploymentOptions: string
}

/** Why rules that would make valid lines invalid are not saved, and what to do. */
export function refusalText(trial: Trial, refused: RefusedRules): string {
  const lines = counted(trial.validRejected, 'line that is valid now', 'lines that are valid now')
  return `Nothing was saved, because ${lines} would be rejected:\n${newlyRejectedText(trial)}${adviceText(refused)}\n`
}

function adviceText({ prefix, added, lost, deploymentOptions }: RefusedRules): string {
  if (lost.length === 0) return 'Correct the rule, and look at its effect with "npx km-import rules preview".'
  const all = [...lost, ...added]
  if (all.some(({ lines, mapping }) => lines !== undefined || mapping !== undefined))
    return `Add the rules that no longer apply as well: ${lost.map((rule) => ruleText(rule).replace('  ', ' ')).join(', ')}.`
  const words = [prefix, ...all.map(({ fix }) => fix)].map((word) => shellWord(printable(word)))
  return `To keep the rules that no longer apply, run: npx km-import rules add ${words.join(' ')}${deploymentOptions}`
}

const COLUMN = 22
const MAPPING_COLUMNS = 60

/** Every kind of rule, for the help on 80 columns. */
export function kindsText(): string {
  const rows = Object.values<Kind>(KINDS).flatMap(({ usage, means, reach }) =>
    wrappedBeside(`  ${usage}`, `${means}${reach === 'all' ? ' (all lines)' : ''}`, COLUMN),
  )
  return `Rules:
${rows.join('\n')}

A rule changes only lines that would be rejected. With --all-lines, trim,
rename, drop, default and number change valid lines too.
--columns FILE adds the rule "columns".
`
}
