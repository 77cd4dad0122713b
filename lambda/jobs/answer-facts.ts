import type { AnsweredState, AnswerFacts, HeldBy, ReasonCount } from '../answers/file-answer.ts'
import { printable, shellWord } from '../common/escape.ts'
import type { Expected } from '../intake/answer-task.ts'
import { reportKey, versionOf } from '../keys.ts'
import type { Answers } from '../ports.ts'
import type { ReasonCode } from '../reasons.ts'
import { notDelivered, openLines, type Report } from '../report/report.ts'
import { HOLD_RULES } from '../survey/hold-rules.ts'

type Naming = Pick<Answers, 'link' | 'commandOptions'>

/** What an answer says about a report; undefined while the import runs. */
export function factsOf(report: Report, { link, commandOptions }: Naming): AnswerFacts | undefined {
  const { state, file, lines, failure, hold, finishedAt, updatedAt } = report
  if (state === 'importing') return undefined
  const at = finishedAt ?? hold?.heldAt ?? updatedAt ?? report.startedAt
  const rejectedBy = reasonCounts(report)
  return {
    id: printable(`${file.key}/${versionOf(file)}/${state}/${at}`),
    state,
    at,
    file,
    lines,
    ...(notDelivered(report) > 0 && { open: openLines(report) }),
    ...(rejectedBy.length > 0 && { rejectedBy }),
    ...(hold !== undefined && { heldBy: hold.rules.map(heldBy) }),
    ...(failure !== undefined && { failure }),
    ...(link !== undefined && { link: linkTo(link, report) }),
    commands: commandsFor(state, file.key, commandOptions),
  }
}

/** What an answer says about a file that did not come. */
export function missingFacts(expected: Expected, { commandOptions }: Naming): AnswerFacts {
  const { bucket, prefix, since, until } = expected
  return {
    id: printable(`${prefix}/missing/${until}`),
    state: 'missing',
    at: until,
    expected: { bucket, prefix, since, until },
    commands: [`npx km-import status${commandOptions}`],
  }
}

/** The most frequent first. */
function reasonCounts({ rejectedBy }: Report): readonly ReasonCount[] {
  return Object.entries(rejectedBy)
    .map(([reason, { count }]) => ({ reason: reason as ReasonCode, lines: count }))
    .toSorted((a, b) => b.lines - a.lines)
}

/** A rule of a newer version has no title here. */
function heldBy({ rule, detail }: { readonly rule: string; readonly detail: string }): HeldBy {
  const titles: Readonly<Record<string, { readonly title: string } | undefined>> = HOLD_RULES
  return { rule, title: titles[rule]?.title ?? rule, detail }
}

function linkTo(link: string, { file }: Report): string {
  const values: Readonly<Record<string, string>> = { bucket: file.bucket, key: file.key, report: reportKey(file) }
  return link.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    return value === undefined ? whole : encodeURIComponent(value)
  })
}

/** The same commands as `km-import status KEY` names. */
function commandsFor(state: Exclude<AnsweredState, 'missing'>, key: string, options: string): readonly string[] {
  const name = shellWord(printable(key))
  switch (state) {
    case 'complete-with-rejects':
      return [`npx km-import rejects pull --key ${name} -o rejects.jsonl${options}`]
    case 'held':
      return [
        `npx km-import status ${name}${options}`,
        `npx km-import release ${name}${options}`,
        `npx km-import discard ${name}${options}`,
      ]
    case 'cancelled':
      return [`npx km-import cancel ${name} -o sent.jsonl${options}`]
    case 'complete':
    case 'complete-after-fixing':
    case 'failed':
    case 'discarded':
    case 'superseded':
    case 'gone':
    case 'skipped':
      return [`npx km-import status ${name}${options}`]
  }
}
