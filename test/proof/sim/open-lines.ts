import { reportKey } from '../../../lambda/keys.ts'
import type { Report } from '../../../lambda/report/report.ts'
import type { ModelFile, ModelLine } from './model.ts'
import { isInDiscardedGroup, isInStoredGroup } from './groups.ts'
import { expectKept, type Observed } from './observed.ts'
import { fileName } from './queue.ts'

/** What a report says about the lines that were not delivered, at every moment: never more than is true. */
export function checkOpenLines(file: ModelFile, report: Report, observed: Observed): void {
  const { lines, rejects } = report
  // The lines of a file that was deleted or rejected need not add up: some were never read.
  if (rejects === undefined || !report.state.startsWith('complete')) return
  const { open, fixed, discarded } = rejects
  const isWhole = lines.delivered + fixed + open + discarded + lines.blank === lines.total
  expectKept('every line is delivered, fixed, open, discarded or blank', isWhole, () => JSON.stringify({ lines, rejects }))
  const undelivered = count(file, (line) => !isClosed(file, line, observed))
  expectKept(
    'an undelivered line is open',
    open >= undelivered,
    () => `file ${file.id} has ${open} open lines, but ${undelivered} are not delivered`,
  )
  const delivered = count(file, (line) => isFixed(file, line, observed))
  expectKept(
    'a line counts as fixed only after it was delivered',
    lines.delivered + fixed <= delivered,
    () => `file ${file.id} has ${lines.delivered} delivered and ${fixed} fixed lines, but ${delivered} are`,
  )
  const isAfterFixing = report.state === 'complete-after-fixing'
  expectKept('a file without open lines is complete', isAfterFixing === (open === 0), () => `${report.state}, ${open} open`)
}

/** At the end, a report is exact: a line is open only if there is something to fix. */
export function checkOnlyOpenLines(file: ModelFile, { rejects, state }: Report, observed: Observed): void {
  if (rejects === undefined || !state.startsWith('complete')) return
  const left = count(file, (line) => mayBeOpen(file, line, observed))
  expectKept(
    'an open line has something to fix',
    rejects.open <= left,
    () => `file ${file.id} has ${rejects.open} open lines, and ${left} to fix`,
  )
}

function count({ lines }: ModelFile, matches: (line: ModelLine) => boolean): number {
  return lines.filter((line) => !isBlank(line) && matches(line)).length
}

function isBlank({ ends }: ModelLine): boolean {
  return ends.includes('blank')
}

/** Whether a line was delivered, or replaced by lines that all were, or are blank. */
function isFixed(file: ModelFile, line: ModelLine, observed: Observed): boolean {
  return isDelivered(file, line, observed) || isReplaced(file, line, observed, isFixed)
}

/** The same for lines that were delivered or discarded. */
function isClosed(file: ModelFile, line: ModelLine, observed: Observed): boolean {
  return (
    isDelivered(file, line, observed) ||
    observed.deadLetters.discarded.has(subjectOf(file, line)) ||
    isInDiscardedGroup(file, line, observed) ||
    isReplaced(file, line, observed, isClosed)
  )
}

function isReplaced(file: ModelFile, line: ModelLine, observed: Observed, hasEnded: typeof isFixed): boolean {
  return observed.replacements
    .of(file, line)
    .some((replacement) => replacement.lines.every((each) => isBlank(each) || hasEnded(replacement.file, each, observed)))
}

function isDelivered({ id }: ModelFile, { number, requests }: ModelLine, { endpoint }: Observed): boolean {
  return requests > 0 && endpoint.acceptedOf(id, number).size === requests
}

/** Whether a dead letter of the line exists, or no replay has closed it: each was rejected in part, or its import did not read all lines. */
function mayBeOpen(file: ModelFile, line: ModelLine, observed: Observed): boolean {
  if (observed.deadLetters.copiesOf(subjectOf(file, line)) > 0 || isInStoredGroup(file, line, observed)) return true
  const replacements = observed.replacements.of(file, line)
  return replacements.length > 0 && !replacements.some(closes)

  function closes(replacement: (typeof replacements)[number]): boolean {
    const report = observed.store.read(reportKey(replacement.file.source)) as Report | undefined
    const isComplete = report?.state.startsWith('complete') === true
    return isComplete && !replacement.lines.some((each) => mayBeOpen(replacement.file, each, observed))
  }
}

function subjectOf({ source }: ModelFile, { number }: ModelLine): string {
  return `${fileName(source)}:${number}`
}
