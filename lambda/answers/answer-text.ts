import { printable } from '../common/escape.ts'
import { REASONS, type ReasonCode } from '../reasons.ts'
import type { AnswerFacts, FileAnswer, ReasonCount } from './file-answer.ts'
import { ANSWER_SCHEMA } from './file-answer.ts'

/** Amazon SNS, Publish, "Subject": less than 100 characters, and of ASCII only in an e-mail. */
const MAX_SUBJECT = 99
/** At least so much of a name is shown. */
const MIN_NAME = 20
/** Reasons and rules that the text lists; the report has all. */
const MAX_LISTED = 5

/** Adds the texts for people. */
export function withTexts(facts: AnswerFacts): FileAnswer {
  return { schema: ANSWER_SCHEMA, ...facts, subject: subjectOf(facts), text: textOf(facts) }
}

function subjectOf(facts: AnswerFacts): string {
  const name = ascii(nameOf(facts))
  const whole = ascii(resultOf(facts))
  const roomFor = (result: string) => MAX_SUBJECT - result.length - ': '.length
  // The reason in brackets is in the text too.
  const result = roomFor(whole) < Math.min(MIN_NAME, name.length) ? whole.replace(/ \(.*\)/, '') : whole
  return `${shortened(name, roomFor(result))}: ${result}`
}

function textOf(facts: AnswerFacts): string {
  const { link, commands } = facts
  return [
    `${printable(nameOf(facts))}: ${resultOf(facts)}.`,
    '',
    ...whereRows(facts),
    ...whyRows(facts),
    '',
    nextOf(facts),
    ...(link === undefined ? [] : [`  ${link}`]),
    ...commands.map((command) => `  ${command}`),
    '',
  ].join('\n')
}

/** The last part of the key: the rest is in the text. */
function nameOf({ file, expected }: AnswerFacts): string {
  if (expected !== undefined) return expected.prefix
  return file?.key.split('/').findLast((part) => part !== '') ?? 'A file'
}

/** What has become of the file, in a few words. */
function resultOf(facts: AnswerFacts): string {
  const { state, lines, open = 0, heldBy = [], failure, expected } = facts
  const delivered = `${grouped(lines?.delivered ?? 0)} delivered`
  switch (state) {
    case 'complete':
      return `done, ${delivered}`
    case 'complete-with-rejects':
      return `done, ${delivered}, ${rejectedText(facts)}`
    case 'complete-after-fixing':
      return `all fixed, ${grouped(open)} lines open`
    case 'failed':
      return `rejected, ${failure === undefined ? 'nothing is imported' : words(failure.reason)}`
    case 'held':
      return `held, nothing was sent (${first(heldBy.map(({ title }) => title))})`
    case 'discarded':
      return 'discarded, nothing was sent'
    case 'cancelled':
      return `cancelled, ${delivered} until then`
    case 'superseded':
      return 'not imported, because it was replaced'
    case 'gone':
      return 'not imported, because it was deleted'
    case 'skipped':
      return 'skipped, because it is not a file to import'
    case 'missing':
      return `no file came since ${timeText(expected?.since ?? facts.at)}`
  }
}

/** "470 rejected (mostly timestamp in milliseconds), 20 of them open" */
function rejectedText({ lines, open, rejectedBy = [] }: AnswerFacts): string {
  const { rejected = 0, undeliverable = 0 } = lines ?? {}
  const total = rejected + undeliverable
  const counts = [
    ...(rejected > 0 ? [`${grouped(rejected)} rejected`] : []),
    ...(undeliverable > 0 ? [`${grouped(undeliverable)} undeliverable`] : []),
  ].join(', ')
  const why = mainReason(rejectedBy, total)
  return `${counts}${why === undefined ? '' : ` (${why})`}${open === undefined || open === total ? '' : `, ${grouped(open)} of them open`}`
}

function mainReason([largest]: readonly ReasonCount[], total: number): string | undefined {
  if (largest === undefined || largest.lines * 2 < total) return undefined
  return `${largest.lines === total ? '' : 'mostly '}${words(largest.reason)}`
}

function whereRows({ file, expected, lines }: AnswerFacts): readonly string[] {
  if (expected !== undefined) {
    const { bucket, prefix, since, until } = expected
    return [`Expected under: s3://${bucket}/${printable(prefix)}`, `Between:        ${timeText(since)} and ${timeText(until)}`]
  }
  if (file === undefined) return []
  const { total = 0, delivered = 0, rejected = 0, undeliverable = 0, blank = 0 } = lines ?? {}
  return [
    `File:  s3://${file.bucket}/${printable(file.key)}`,
    `Lines: ${grouped(total)} (${grouped(delivered)} delivered, ${grouped(rejected)} rejected, ${grouped(undeliverable)} undeliverable, ${grouped(blank)} blank)`,
  ]
}

function whyRows({ rejectedBy = [], heldBy = [], failure }: AnswerFacts): readonly string[] {
  const rows = [
    ...(failure === undefined ? [] : [printable(failure.detail)]),
    ...listed(heldBy.map(({ title, detail }) => `${title}: ${printable(detail)}`)),
    ...listed(rejectedBy.map(({ reason, lines }) => `${grouped(lines)} ${lines === 1 ? 'line' : 'lines'}: ${meaningOf(reason)}`)),
  ]
  return rows.length === 0 ? [] : ['', ...rows]
}

function listed(rows: readonly string[]): readonly string[] {
  const more = rows.length - MAX_LISTED
  return [
    ...rows.slice(0, MAX_LISTED).map((each) => `- ${each}`),
    ...(more > 0 ? [`- and ${more} more: the report lists all`] : []),
  ]
}

/** What a person can do, as the sentence before the link and the commands. */
function nextOf({ state }: AnswerFacts): string {
  switch (state) {
    case 'complete':
    case 'complete-after-fixing':
      return 'There is nothing to do. See the report:'
    case 'complete-with-rejects':
      return 'Fix the lines here:'
    case 'failed':
      return 'Fix the file and upload it again. See why:'
    case 'held':
      return 'Decide whether it is imported:'
    case 'discarded':
      return 'To import it all the same, upload it again. See the report:'
    case 'cancelled':
      return 'Get the lines that were sent:'
    case 'superseded':
    case 'gone':
      return 'To import it, upload it again. See the report:'
    case 'skipped':
      return 'If it should be imported, upload it under a name that ends with .jsonl. See why:'
    case 'missing':
      return 'Check the program that uploads it. See the last files:'
  }
}

/** What a reason means. A newer version may have written one that is unknown here. */
function meaningOf(reason: ReasonCode): string {
  const reasons: Readonly<Partial<Record<string, { readonly means: string }>>> = REASONS
  return reasons[reason]?.means ?? words(reason)
}

function words(code: string): string {
  return code.replaceAll('_', ' ')
}

function first(titles: readonly string[]): string {
  const [title = 'the report says why'] = titles
  return title.charAt(0).toLowerCase() + title.slice(1)
}

/** 49311 → 49,311 */
function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

function timeText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

/** SNS refuses a subject with other characters for e-mail, and one with control characters always. */
function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, '?')
}

/** Keeps the beginning and the end of a long name: most differ in one of them. */
function shortened(name: string, length: number): string {
  if (name.length <= length) return name
  const end = Math.floor((length - 3) / 2)
  return `${name.slice(0, length - 3 - end)}...${name.slice(name.length - end)}`
}
