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
  const undelivered = linesWithout(file, (line) => isDelivered(file, line, observed) || isDiscarded(file, line, observed))
  expectKept(
    'an undelivered line is open',
    open >= undelivered,
    () => `file ${file.id} has ${open} open lines, but ${undelivered} are not delivered`,
  )
  const isAfterFixing = report.state === 'complete-after-fixing'
  expectKept('a file without open lines is complete', isAfterFixing === (open === 0), () => `${report.state}, ${open} open`)
}

/** At the end, a report is exact: a line is open only if there is something to fix. */
export function checkOnlyOpenLines(file: ModelFile, { rejects, state }: Report, observed: Observed): void {
  if (rejects === undefined || !state.startsWith('complete')) return
  const withDeadLetter = file.lines.length - linesWithout(file, (line) => hasDeadLetter(file, line, observed))
  expectKept(
    'an open line has a dead letter',
    rejects.open <= withDeadLetter,
    () => `file ${file.id} has ${rejects.open} open lines and ${withDeadLetter} dead letters`,
  )
}

function linesWithout({ lines }: ModelFile, matches: (line: ModelLine) => boolean): number {
  return lines.filter((line) => !line.ends.includes('blank') && !matches(line)).length
}

function isDelivered(file: ModelFile, { number, requests }: ModelLine, { endpoint }: Observed): boolean {
  return requests > 0 && endpoint.acceptedOf(file.id, number).size === requests
}

function isDiscarded(file: ModelFile, line: ModelLine, { deadLetters }: Observed): boolean {
  const subject = `${fileName(file.source)}:${line.number}`
  return deadLetters.discarded.has(subject) || isInDiscardedGroup(file, line, { deadLetters })
}

function hasDeadLetter(file: ModelFile, line: ModelLine, { deadLetters }: Observed): boolean {
  if (line.ends.includes('blank')) return false
  return deadLetters.copiesOf(`${fileName(file.source)}:${line.number}`) > 0 || isInStoredGroup(file, line, { deadLetters })
}
