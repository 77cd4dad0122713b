import { reportKey } from '../../../lambda/keys.ts'
import { isFinal, type CancelledLines, type Report } from '../../../lambda/report/report.ts'
import { checkGroupDeadLetter, checkGrouped } from './groups.ts'
import { checkRules } from './import-rules.ts'
import type { End, ModelFile } from './model.ts'
import { expectKept, type Observed } from './observed.ts'
import { checkOnlyOpenLines } from './open-lines.ts'
import { fileName } from './queue.ts'
import { checkReceipt } from './receipts.ts'
import { hasEnded } from './step-invariants.ts'

/** Everything that must be true at the end of a run. */
export function checkEnd(observed: Observed): void {
  for (const file of observed.files) {
    const report = observed.store.read(reportKey(file.source)) as Report | undefined
    // The daily search cannot find an object that does not exist any more.
    if (file.to !== Infinity && observed.lost.has(fileName(file.source))) continue
    if (isDeferred(file, observed)) continue
    expectKept(
      'there is a final report',
      report !== undefined && isFinal(report),
      () => `file ${file.id}: ${report?.state ?? 'none'}`,
    )
    checkRules(file, observed)
    if (report !== undefined) checkFile(file, report, observed)
    if (report !== undefined) checkGrouped(file, report, observed)
    if (report !== undefined) checkReceipt(file, report, observed)
    if (report !== undefined && observed.isAnswered) checkAnswered(file, report, observed)
  }
  checkDeadLetters(observed)
}

/** Whether the import waits for lines that cannot be distinguished from an outage, because no other line was delivered in the same run. */
export function isDeferred({ source, refused }: ModelFile, { store, queue, deadLetters }: Observed): boolean {
  const report = store.read(reportKey(source)) as Report | undefined
  if (report !== undefined && isFinal(report)) return false
  // A dead letter of the line proves nothing: its answer may have been lost.
  if (refused.length === 0) return false
  const name = fileName(source)
  return [...queue.waiting.map(({ work }) => work), ...deadLetters.work].some(
    ({ kind, file }) => kind === 'task' && file === name,
  )
}

function checkFile(file: ModelFile, report: Report, observed: Observed): void {
  const isMissing = report.state === 'gone' || report.state === 'superseded'
  if (isMissing) {
    expectKept('only a file that is missing is reported so', file.to !== Infinity, () => `file ${file.id}: ${report.state}`)
    return
  }
  if (report.state === 'cancelled') {
    checkCancelled(file, report, observed)
    return
  }
  if (file.scenario.isTable) {
    const isRejected = report.state === 'failed' && observed.deadLetters.copiesOf(`${fileName(file.source)}:file`) > 0
    expectKept('a file that is not JSON lines is rejected', isRejected, () => `file ${file.id}: ${report.state}`)
    return
  }
  if (report.state === 'discarded') {
    const accepted = file.lines.filter(({ number }) => observed.endpoint.acceptedOf(file.id, number).size > 0)
    const isRight = file.scenario.decision?.kind === 'discarded' && accepted.length === 0
    expectKept('nothing of a discarded file is sent', isRight, () => `file ${file.id}: ${accepted.length} lines`)
    return
  }
  expectKept(
    'a discarded file is reported so',
    file.scenario.decision?.kind !== 'discarded' || !observed.isChecked,
    () => report.state,
  )
  checkCounts(file, report)
  checkOnlyOpenLines(file, report, observed)
  for (const line of file.lines) {
    expectKept(
      'every line has an end',
      line.ends.some((end) => hasEnded(file, line, end, observed)),
      () => `line ${line.number} of file ${file.id}, ${line.ends.join(' or ')}`,
    )
    expectKept(
      'every attempt of a request is the same',
      observed.endpoint.acceptedOf(file.id, line.number).size <= line.requests,
      () => `line ${line.number} of file ${file.id}: ${[...observed.endpoint.acceptedOf(file.id, line.number).keys()].join(' ')}`,
    )
  }
  for (const [reason, { examples = [] } = {}] of Object.entries(report.rejectedBy))
    for (const { line } of examples)
      expectKept('an example names its line', file.lines[line - 1]?.reason === reason, () => `${reason} at line ${line}`)
  checkRepeats(file, report, observed)
}

/** The final state of each file was answered, unless its receiver failed for a whole day. */
function checkAnswered(file: ModelFile, report: Report, { receiver }: Observed): void {
  const isGivenUp = report.answered?.state === report.state && report.answered.refused !== undefined
  expectKept(
    'the end of each file is answered',
    isGivenUp || receiver.hasAnswer(file, report.state),
    () => `file ${file.id}: ${report.state}, answered ${report.answered?.state ?? 'never'}`,
  )
}

/** A cancelled file lists exactly the lines that have ended, and every other line that was sent is among those of which it is not sure. */
function checkCancelled(file: ModelFile, report: Report, observed: Observed): void {
  const { settled = [], unsure = [] } = report.cancelled ?? {}
  const isIn = (ranges: CancelledLines['settled'], line: number) => ranges.some(([first, last]) => line >= first && line <= last)
  const { delivered, rejected, undeliverable, blank, total } = report.lines
  const listed = settled.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  expectKept(
    'a cancelled file counts the lines that it lists',
    total === listed && delivered + rejected + undeliverable + blank === total,
    () => `${JSON.stringify(report.lines)} for ${JSON.stringify(settled)} of file ${file.id}`,
  )
  for (const line of file.lines) {
    const isSettled = isIn(settled, line.number)
    expectKept(
      'a line that a cancelled file lists has an end',
      !isSettled || line.ends.some((end) => hasEnded(file, line, end, observed)),
      () => `line ${line.number} of file ${file.id}`,
    )
    expectKept(
      'a cancelled file knows which lines it may have sent',
      isSettled || isIn(unsure, line.number) || observed.endpoint.acceptedOf(file.id, line.number).size === 0,
      () => `line ${line.number} of file ${file.id}: ${JSON.stringify({ settled, unsure })}`,
    )
  }
  checkRepeats(file, report, observed)
}

/** How many lines must, and may, have ended like this. */
function checkCounts({ id, lines }: ModelFile, report: Report): void {
  expectKept('the report counts all lines', report.lines.total === lines.length, () => `${report.lines.total} of ${lines.length}`)
  for (const end of ['delivered', 'rejected', 'undeliverable', 'blank'] satisfies End[]) {
    const min = lines.filter(({ ends }) => ends.length === 1 && ends[0] === end).length
    const max = lines.filter(({ ends }) => ends.includes(end)).length
    const seen = report.lines[end]
    expectKept(
      `the report counts the ${end} lines`,
      min <= seen && seen <= max,
      () => `${seen} in file ${id}, not ${min} to ${max}`,
    )
  }
  const { delivered, rejected, undeliverable, blank, total } = report.lines
  expectKept('the counts add up', delivered + rejected + undeliverable + blank === total, () => JSON.stringify(report.lines))
}

function checkRepeats(file: ModelFile, report: Report, { endpoint }: Observed): void {
  let repeats = 0
  for (const { number, ends } of file.lines) {
    if (ends.length > 1) continue // its replays are not in the report
    repeats += Math.max(0, ...[...endpoint.acceptedOf(file.id, number).values()].map((times) => times - 1))
  }
  expectKept(
    'the report bounds the repeats',
    repeats <= report.repeatsPossible,
    () => `${repeats} lines repeated, ${report.repeatsPossible} reported as possible`,
  )
}

function checkDeadLetters({ files, deadLetters }: Observed): void {
  for (const deadLetter of deadLetters.all) {
    const { source, line, row, reason } = deadLetter
    const file = files.find((each) => fileName(each.source) === fileName(source))
    if (deadLetter.kind === 'group') {
      checkGroupDeadLetter(file, deadLetter)
      continue
    }
    if (source.line === undefined) {
      expectKept(
        'only a file that is not JSON lines is rejected',
        file?.scenario.isTable === true,
        () => `${source.key}: ${reason}`,
      )
      continue
    }
    const origin = file?.lines[source.line - 1]
    const isFaithful =
      line === origin?.text &&
      row === origin?.row &&
      source.byteStart === origin?.byteStart &&
      source.byteEnd === origin?.byteEnd &&
      reason === origin?.reason
    expectKept(
      'a dead letter holds its line',
      isFaithful,
      () => `line ${source.line ?? 0} of ${source.key}: ${reason}, ${line ?? ''}`,
    )
  }
}
